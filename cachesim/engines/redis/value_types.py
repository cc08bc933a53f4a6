"""The files of the types of values: a new type is one file, or a few, and one line here."""

from cachesim.engines.redis import (
    bitfield,
    bitops,
    counters,
    lcs,
    stream_file,
    t_geo,
    t_hash,
    t_hyperloglog,
    t_list,
    t_list_ends,
    t_list_waits,
    t_set,
    t_stream,
    t_stream_claims,
    t_stream_groups,
    t_stream_info,
    t_stream_read,
    t_string,
    t_zset,
    t_zset_ends,
    t_zset_ranges,
    t_zset_sets,
)

STRINGS = (t_string, counters, lcs, bitops, bitfield, t_hyperloglog)
LISTS = (t_list, t_list_ends, t_list_waits)
STREAMS = (t_stream, t_stream_read, t_stream_groups, t_stream_claims, t_stream_info, stream_file)
SORTED_SETS = (t_zset, t_zset_ends, t_zset_ranges, t_zset_sets, t_geo)
TYPES = (*STRINGS, t_hash, *LISTS, t_set, *SORTED_SETS, *STREAMS)
