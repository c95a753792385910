"""What came in and what became of it: evidence, import runs, usage records."""

from django.db import models
from django.db.models import F, Q

from tollbook.connections.models import Connection


class Evidence(models.Model):
    """Bytes as they were received, kept under their hash in the data home."""

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    name = models.CharField(max_length=500, help_text="the file's name when it first came")
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"{self.name} ({self.sha256[:12]})"


class CollectState(models.TextChoices):
    RUNNING = "running", "begun; one that died is followed by another, which fetches the same again"
    DONE = "done"
    PARTIAL = "partial", "some of what was asked for could not be fetched; the rest is in"
    FAILED = "failed", "nothing could be fetched"


class CollectRun(models.Model):
    """One visit to a platform for usage. What it brought is in its import runs."""

    # A visit that brought nothing goes with its connection; one that brought usage is held by its import runs.
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="collects")
    state = models.CharField(max_length=10, choices=CollectState, default=CollectState.RUNNING)
    asked_by = models.CharField(max_length=150, help_text="schedule, or who")
    since = models.DateTimeField(null=True, help_text="asked for by hand; null = where it left off")
    until = models.DateTimeField(null=True)
    customers = models.JSONField(default=list, help_text="customers that were chosen; empty = all")
    is_again = models.BooleanField(default=False, help_text="what had been collected before was fetched again")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    scopes = models.IntegerField(default=0, help_text="customers, or files, that were asked for")
    scopes_failed = models.IntegerField(default=0)
    scopes_skipped = models.IntegerField(default=0, help_text="collected before, so not asked for")
    problems = models.JSONField(default=list, help_text="[{scope, error}] of those that failed")
    may_pass = models.BooleanField(
        default=False, help_text="all that failed may succeed if it is just tried again"
    )
    bytes_fetched = models.BigIntegerField(default=0)
    outcomes = models.JSONField(
        default=dict, help_text="what became of the records, {outcome: count}, at that time"
    )
    sums = models.JSONField(default=dict, help_text="what they charged, {currency: nano-units}, at that time")
    retried = models.JSONField(default=dict, help_text="{tried, charged, free} of what had been set aside before")

    class Meta:
        indexes = [models.Index(fields=["connection", "started_at"], name="collectrun_by_time")]

    def __str__(self) -> str:
        return f"collect {self.pk}"


class UsageCursor(models.Model):
    """How far usage of a connection has been collected, for each foreign customer or the whole."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="cursors")
    scope = models.TextField(db_collation="C", blank=True, help_text="foreign id of the customer; blank = all")
    first_asked_at = models.DateTimeField(help_text="the first import, from which its beginning is reckoned")
    collected_from = models.DateTimeField(null=True, help_text="null = nothing yet")
    collected_until = models.DateTimeField(null=True)
    cursor = models.TextField(blank=True, help_text="where to go on, in the connector's own words")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "scope"], name="usagecursor_once"),
            models.CheckConstraint(
                condition=Q(collected_from__lte=F("collected_until"))
                | Q(collected_from=None, collected_until=None, cursor=""),
                name="usagecursor_is_a_period",
            ),
        ]

    def __str__(self) -> str:
        until = f"{self.collected_until:%Y-%m-%d %H:%M}" if self.collected_until else "nothing"
        return f"{self.scope or 'all'} until {until}"


class CollectedFile(models.Model):
    """A file at a source as it was when it was last collected: as long as it is the same, it is left alone."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="collected_files")
    name = models.TextField(db_collation="C")
    size_bytes = models.BigIntegerField(null=True, help_text="null = the source does not say")
    modified_at = models.DateTimeField(null=True, help_text="null = the source does not say")
    version = models.TextField(blank=True, help_text="the source's own mark of this state of it")
    is_complete = models.BooleanField(default=True, help_text="false: its last line was left for the next pass")
    collected_at = models.DateTimeField()
    evidence = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, help_text="null = it was empty")
    error = models.TextField(blank=True, help_text="why it could not be used")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="collectedfile_once")]

    def __str__(self) -> str:
        return self.name


class RunState(models.TextChoices):
    RUNNING = "running", "begun; may be continued after a crash"
    DONE = "done"
    FAILED = "failed", "its file could not be read to the end"
    UNDONE = "undone", "reversed; its file can be read again"


class ImportRun(models.Model):
    """One reading of one evidence file. Its counts are the intake equation, true after every batch."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="runs")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    collect = models.ForeignKey(
        CollectRun, null=True, on_delete=models.PROTECT, related_name="runs", help_text="null = imported by hand"
    )
    is_complete = models.BooleanField(default=True, help_text="false: the file may still grow")
    day_zone = models.CharField(max_length=64, default="UTC", help_text="days of `RunDay` are this zone's")
    rows_done = models.BigIntegerField(default=0, help_text="records of the file committed so far: the cursor")
    left_for_next_pass = models.TextField(blank=True, help_text="a last line without its end, in a growing file")
    error = models.TextField(blank=True)
    records_in = models.BigIntegerField(default=0)
    charged = models.BigIntegerField(default=0)
    free = models.BigIntegerField(default=0)
    set_aside = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    not_usage = models.BigIntegerField(default=0)
    superseded = models.BigIntegerField(default=0)
    undone = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    records_in=F("charged")
                    + F("free")
                    + F("set_aside")
                    + F("duplicate")
                    + F("not_usage")
                    + F("superseded")
                    + F("undone")
                ),
                name="importrun_intake_equation",
            ),
            models.UniqueConstraint(
                fields=["connection", "evidence"], condition=Q(state="running"), name="importrun_one_at_work"
            ),
        ]
        # Where records are pushed there may be two a second.
        indexes = [models.Index(fields=["connection", "started_at"], name="importrun_by_time")]

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunDay(models.Model):
    """What a run brought of one day, as it came: the left side of the day's intake equation, never changed after."""

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="days")
    day = models.DateField(null=True, help_text="of the start, in the run's zone; null = it could not be read")
    records_in = models.BigIntegerField()
    duplicate = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "day"], nulls_distinct=False, name="runday_once"),
            models.CheckConstraint(
                condition=Q(records_in__gte=F("duplicate")) & Q(duplicate__gte=0), name="runday_duplicates_came_in"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.day}"


class UsageRecord(models.Model):
    """One CDR or xDR after mapping, matching and rating.

    The table is partitioned by month of `start` and written by COPY, so it has no foreign keys, and no primary
    key of its own: identity is in `UsageIdentity`, and every batch is checked as a set before it commits.
    """

    id = models.BigIntegerField(primary_key=True)
    connection_id = models.IntegerField()
    run_id = models.BigIntegerField()
    line = models.BigIntegerField(help_text="line in the run's evidence")
    record_key = models.TextField(db_collation="C")
    kind = models.TextField(null=True)
    start = models.DateTimeField(null=True, help_text="null when it could not be read: bad_time")
    answered = models.BooleanField(null=True)
    duration_us = models.BigIntegerField(null=True)
    quantity = models.BigIntegerField(null=True)
    cli = models.TextField(null=True, help_text="digits where the number rules could read it")
    cld = models.TextField(null=True)
    # As the platform wrote it. Kept only while a record is set aside, which is when it may be read again.
    cli_raw = models.TextField(null=True)
    cld_raw = models.TextField(null=True)
    account_ref = models.TextField(null=True)
    tenant_ref = models.TextField(null=True)
    trunk_ref = models.TextField(null=True)
    display_text = models.TextField(null=True)
    account_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    outcome = models.TextField()
    reason = models.TextField(null=True)
    detail = models.TextField(null=True, help_text="what a person needs to know about the reason")
    tariff_version_id = models.BigIntegerField(null=True)
    rate_line = models.BigIntegerField(null=True)
    billed = models.BigIntegerField(null=True, help_text="seconds, or units")
    exact_sixtieths = models.BigIntegerField(null=True, help_text="price before rounding, in 1/60 nano-units")
    price_nanos = models.BigIntegerField(null=True, help_text="null when set aside, 0 when free")
    currency = models.TextField(null=True)
    platform_price_nanos = models.BigIntegerField(
        null=True, help_text="as the connection says: retail or cost, net"
    )
    platform_currency = models.TextField(null=True)
    transaction_id = models.BigIntegerField(null=True, help_text="the ledger transaction that charged it")
    supersedes_id = models.BigIntegerField(null=True, help_text="the record this one corrects")
    billed_at = models.DateTimeField(
        null=True, help_text="when it was charged, or free; it stays when that is taken back; null = not yet"
    )

    def __str__(self) -> str:
        return f"usage {self.pk}"


class UsageIdentity(models.Model):
    """A record key exists once, for ever. Not partitioned, so that the primary key really says so."""

    pk = models.CompositePrimaryKey("connection_id", "key")
    connection_id = models.IntegerField()
    key = models.TextField(db_collation="C")
    usage_id = models.BigIntegerField()

    def __str__(self) -> str:
        return self.key


class PushedMessage(models.Model):
    """What a switch sent by itself, as it came. It waits until it is taken: it is in evidence then."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="pushed_messages")
    received_at = models.DateTimeField()
    content_type = models.TextField(blank=True)
    query = models.JSONField(default=dict, help_text="of the address it was sent to")
    body = models.BinaryField()
    sha256 = models.CharField(
        max_length=64, help_text="of query and body: the same message again is not kept twice"
    )
    call_ref = models.TextField(
        db_collation="C",
        null=True,
        help_text="what binds the messages of a call together; null = not looked at yet",
    )
    taken_by = models.ForeignKey(
        CollectRun, null=True, on_delete=models.PROTECT, related_name="messages", help_text="null = it waits"
    )
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "sha256"], name="pushedmessage_once"),
            models.CheckConstraint(
                condition=Q(taken_by=None, taken_at=None) | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="pushedmessage_taken_by_and_at",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "id"], condition=Q(taken_by=None), name="pushedmessage_waiting"),
            models.Index(fields=["connection", "call_ref"], name="pushedmessage_by_call"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
