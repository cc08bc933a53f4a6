"""What students get of each exercise, a file each, made from exercises/ by `cachesim exercise build --handouts`."""
