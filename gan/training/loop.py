"""The training loop: batches in, checkpoints and figures out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.data.dataset import rolls, split_by_song
from gan.data.stream import batches
from gan.errors import CheckpointError, DataError, SpecError
from gan.files import write_arrays
from gan.models import checkpoint, reading
from gan.models.base import Generator
from gan.models.parts import listed
from gan.quality import copies, evaluation
from gan.training import losses
from gan.training.claim import STATE, refuse_other, refuse_taken
from gan.training.noise import step_noise
from gan.training.run import Progress, Run, start_weights, write_start
from gan.training.state import TrainState
from gan.training.tuning import tune

if TYPE_CHECKING:
    from gan.training.workers import Workers

RERANKED_FROM = 500  # steps; a run of some minutes should not take twice as long for its reranker
COPIES_OF, COPIES_AMONG = 64, 4096  # samples, and training phrases that they may be copies of
COPIES_SEED = 6


def begin(run: Run) -> Session:
    """Build or restore the networks, measure the reference, then write the configuration.

    Raises `CheckpointError` if the folder holds another run and `resume` is off, or one that the
    settings do not fit; then nothing is written.
    """
    from gan.training.workers import workers

    start = start_weights(run)
    replicas = workers(run.distribute)
    replicas.share_of(run.config.batch_size)
    if run.minutes is not None and replicas.strategy is not None:
        raise SpecError("Workers must stop together: give --steps or --epochs, not --minutes.")
    if not run.resume and replicas.chief:
        refuse_taken(run.folder)
    if run.resume:
        refuse_other(run.folder, family=run.config.family, spec=run.dataset.spec, model=run.model)
    state = TrainState(run.dataset.spec, run.model, run.config)
    if start is not None:
        state.start_from(start)
    if run.resume and (run.folder / STATE).is_file():
        state.restore(reading.read_arrays(run.folder / STATE))
        if checkpoint.WEIGHTS in listed(run.folder):
            # Measured as the best so far was.
            weights = reading.read_part_arrays(run.folder, checkpoint.WEIGHTS)
            state.average.set_calibration(weights)
    session = Session(run, state, replicas)
    if replicas.chief:
        # Last: whatever is refused leaves the folder as it was.
        write_start(run, state.arrays(), session.reference)
    return session


class Session:
    """A run that is ready to go; `state` holds its networks."""

    def __init__(self, run: Run, state: TrainState, workers: Workers) -> None:
        self.run, self.state, self.workers = run, state, workers
        self.config = run.config
        self.train_index, held_out = split_by_song(run.dataset)
        if not len(self.train_index):
            raise DataError("There are no phrases to train on.")
        self.reference = evaluation.reference(
            run.dataset, self.train_index, held_out, n=self.config.samples
        )
        self.best = _best_so_far(run.folder)
        self.started = time.monotonic()
        self.first_step = self.saved = state.step
        self.warmup_steps = self._stored_warmup()

    def _stored_warmup(self) -> int | None:
        """Where the adversarial stage began, if a resumed run has already got there."""
        if self.run.minutes is None or self.config.family != "gan":
            return self.config.warmup_steps
        log = reading.read_log(self.run.folder)
        steps = [line.get("step") for line in log if line.get("stage") == "gan"]
        begun = [step for step in steps if isinstance(step, int)]
        return min(begun) - 1 if begun else None

    def go(
        self,
        *,
        watch: Callable[[Progress], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train until the steps or the minutes are over, or `stop()`; save at evaluations."""
        state, config = self.state, self.config
        stream = iter(
            batches(
                self.run.dataset,
                self.train_index,
                batch_size=config.batch_size,
                seed=config.seed,
                augment=config.key_shift or None,
                start_step=state.step,
            )
        )
        steps: dict[str, Any] = {}
        fresh = False
        while state.step < config.steps and not self._out_of_time() and not stop():
            stage = self._stage()
            state.cooled.assign(self._cooled())
            if stage not in steps:
                steps[stage] = self._step_of(stage)
            noise = step_noise(
                config, state.spec, latent_dim=state.generator.plan_dim, step=state.step
            )
            values = steps[stage](np.asarray(next(stream)), noise, np.int32(state.step))
            state.step += 1
            metrics = {key: float(value) for key, value in values.items()}
            _check_finite(metrics, state.step)
            fresh = state.step % config.evaluate_every == 0
            # Workers that are not the chief go on to the next step and wait for it there.
            report = self._evaluate(stage, metrics) if fresh and self.workers.chief else None
            watch(Progress(state.step, config.steps, stage, metrics, report))
        if not fresh and state.step > self.first_step and self.workers.chief:
            stage = self._stage()
            report = self._evaluate(stage, {})
            watch(Progress(state.step, config.steps, stage, {}, report))

    def finish(self) -> evaluation.Evaluation:
        """Tune the best weights on training songs, measure once more, store them."""
        generator, info = checkpoint.load_generator(self.run.folder)
        if self._is_tuned(info.measures):
            return evaluation.stored_evaluation(info.measures)
        tune(
            generator,
            self.run.dataset,
            self.train_index,
            samples=self.config.samples,
            reranker=self.state.step >= RERANKED_FROM,
        )
        result = evaluation.evaluate(generator, self.reference, n=self.config.samples)
        step = int(info.measures.get("step", self.state.step))
        with self._saving():
            self._store(generator, step, result, tuned=self.state.step)
        return result

    def _is_tuned(self, measures: Mapping[str, Any]) -> bool:
        """Whether `finish` has been here, with the best weights that there are now."""
        at = int(measures.get("tuned", 0))
        return at >= RERANKED_FROM or 0 < at <= self.state.step < RERANKED_FROM

    def _step_of(self, stage: str) -> Any:
        from gan.training.steps_tensorflow import gan_step, transformer_step, vae_step

        if stage != "gan":
            steps = {"vae": vae_step, "transformer": transformer_step}
            return steps[stage](self.state, self.workers)
        some = evaluation.choose(self.train_index, 2048, seed=4)
        batch = rolls(self.run.dataset, some).astype(np.float32)
        profile = [np.asarray(part) for part in losses.profiles(batch, self.state.spec)]
        return gan_step(self.state, profile, self.workers)

    def _cooled(self) -> float:
        """What a cooldown leaves of the learning rate of the VAE stage, 1 to 0.

        A line to zero at the end wins what a rate that stays high leaves (Hägele et al. 2024,
        "Scaling laws and compute-optimal training beyond fixed training durations").
        """
        if not self.config.cooldown:
            return 1.0
        stage = self.config.warmup if self.config.family == "gan" else 1.0
        done = max(self.state.step / self.config.steps, self._elapsed_share())
        left = (1.0 - done / max(stage, 1e-9)) / self.config.cooldown
        return min(max(left, 0.0), 1.0)

    def _elapsed_share(self) -> float:
        """Share of the minutes that is over; 0 where there is no such limit."""
        if self.run.minutes is None:
            return 0.0
        return (time.monotonic() - self.started) / (60.0 * self.run.minutes)

    def _out_of_time(self) -> bool:
        return self._elapsed_share() >= 1.0

    def _stage(self) -> str:
        if self.config.family != "gan":
            return self.config.family
        if self.warmup_steps is None and self._elapsed_share() >= self.config.warmup:
            self.warmup_steps = self.state.step
        done = self.warmup_steps is not None and self.state.step >= self.warmup_steps
        return "gan" if done else "vae"

    def _evaluate(self, stage: str, metrics: Mapping[str, float]) -> evaluation.Evaluation:
        """Measure the averaged generator; keep its weights if they are the best so far."""
        state, folder = self.state, self.run.folder
        average = state.average
        result = evaluation.evaluate(average, self.reference, n=self.config.samples)
        line = {
            "step": state.step,
            "stage": stage,
            "overlap": result.mean,
            "share": result.share,
            "diversity": result.diversity,
            "copies": self._copies(),
            "minutes": round((time.monotonic() - self.started) / 60, 2),
            **metrics,
        }
        with self._saving():
            if result.mean > self.best:
                self._store(average, state.step, result)
                self.best = result.mean
            write_arrays(folder / STATE, state.arrays())
            self.saved = state.step
            with (folder / reading.LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
        return result

    def _copies(self) -> float:
        """Share of some samples that are near copies of training phrases, of many of these."""
        samples = evaluation.sample_rolls(self.state.average, COPIES_OF, seed=COPIES_SEED)
        some = evaluation.choose(self.train_index, COPIES_AMONG, seed=COPIES_SEED)
        nearest = copies.nearest_in_data(samples, self.run.dataset, some)
        return float((nearest > copies.NEAR_COPY).mean())

    @contextmanager
    def _saving(self) -> Iterator[None]:
        """Say what is kept where something cannot be written, as on a full disk."""
        try:
            yield
        except OSError as error:
            kept = f"the state of step {self.saved} is kept" if self.saved else "no state is kept"
            raise CheckpointError(
                f"{error.filename or self.run.folder} cannot be written ({error.strerror}); "
                f"{kept}. Make room, then go on with --resume."
            ) from error

    def _store(
        self, generator: Generator, step: int, result: evaluation.Evaluation, *, tuned: int = 0
    ) -> None:
        """A generator's weights, and what was measured of them."""
        evaluation.store(
            self.run.folder,
            generator,
            result,
            self.reference,
            step=step,
            samples=self.config.samples,
            tuned=tuned,
        )


def _best_so_far(folder: Path) -> float:
    """What plain draws of the stored weights, as calibrated, were measured at; -1 without any."""
    stored = reading.read_json_part(folder, checkpoint.MEASURES) or {}
    best = stored.get("plain_overlap", stored.get("mean_overlap"))
    return float(best) if isinstance(best, int | float) else -1.0


def _check_finite(metrics: Mapping[str, float], step: int) -> None:
    wrong = [key for key, value in metrics.items() if not np.isfinite(value)]
    if wrong:
        raise CheckpointError(
            f"Training ran away at step {step}: {', '.join(wrong)} is no finite number. "
            "The last checkpoint is kept; go on from it with --resume and a lower learning rate."
        )
