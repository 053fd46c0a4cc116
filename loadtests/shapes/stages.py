"""A shape as a function of time, with the options that Locust has anyway."""

from locust import LoadTestShape


class Stages(LoadTestShape):
    """A subclass says how much of the users are there after how much of the run time."""

    abstract = True
    use_common_options = True
    # Run time when none was asked for.
    default_s = 300.0

    def share_at(self, progress: float) -> float:
        """From 0 to 1, at a point of the run from 0 to 1."""
        raise NotImplementedError

    def tick(self) -> tuple[int, float] | None:
        assert self.runner is not None
        options = self.runner.environment.parsed_options
        assert options is not None
        seconds = float(options.run_time or self.default_s)
        elapsed: float = self.get_run_time()  # type: ignore[no-untyped-call]
        if elapsed >= seconds:
            return None
        users = max(1, round((options.num_users or 10) * self.share_at(elapsed / seconds)))
        return users, float(options.spawn_rate or users)
