"""The desk of ElastiCache, put together: one class for each kind of operation."""

from typing import Any

from cachesim.service.elasticache.auth import apply_auth, associate
from cachesim.service.elasticache.restores import Restores
from cachesim.service.elasticache.serverless import Serverless
from cachesim.service.elasticache.tagging import Tagging
from cachesim.service.elasticache.users import CacheUsers


class ElastiCache(Restores, Serverless, Tagging, CacheUsers):
    """The desk of ElastiCache.

    Its parts each begin with `super().__init__(account)`, so that any of them may be left out or added.
    """

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.hooks |= {  # members of ModifyReplicationGroup that change who may log in
            "AuthToken": self._change_token,
            "AuthTokenUpdateStrategy": self._drop_token,
            "UserGroupIdsToAdd": self._change_users,
            "UserGroupIdsToRemove": self._change_users,
        }
        self.effects["SnapshotWindow"] = self._move_snapshots

    def _move_snapshots(self, owner: Any, window: str) -> None:
        owner.settings["SnapshotWindow"] = window
        self.plan(owner)

    def _change_token(self, group: Any, request: dict[str, Any]) -> None:
        strategy = request.get("AuthTokenUpdateStrategy", "ROTATE")
        apply_auth(self, group, request["AuthToken"], strategy)

    def _drop_token(self, group: Any, request: dict[str, Any]) -> None:
        if "AuthToken" not in request:
            apply_auth(self, group, None, request["AuthTokenUpdateStrategy"])

    def _change_users(self, group: Any, request: dict[str, Any]) -> None:
        """Add and remove user groups; asked twice, it does nothing more."""
        leaving = request.get("UserGroupIdsToRemove", [])
        stay = [each for each in group.settings.get("UserGroupIds", []) if each not in leaving]
        new = [each for each in request.get("UserGroupIdsToAdd", []) if each not in stay]
        associate(self, group, stay + new)
