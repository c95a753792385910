"""Where usage comes from and what became of it: connections, evidence, import runs, usage records."""

from django.db import models
from django.db.models import F, Q


class Connection(models.Model):
    """One platform installation, with how its records are read."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=40, default="files", help_text="the connector's name; data, not a choice")
    layout = models.TextField(default="tollbook", help_text="a built-in layout's name, or a mapping as TOML")
    timezone = models.CharField(
        max_length=64, blank=True, help_text="of times without a zone; blank = the layout's"
    )
    number_rules = models.JSONField(default=dict, help_text="country, exit codes …, as phone.NumberRules has them")
    match_by = models.JSONField(default=list, help_text="ways to find the account, in order: account, number")

    def __str__(self) -> str:
        return self.name


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

    def __str__(self) -> str:
        return f"run {self.pk}"


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
    transaction_id = models.BigIntegerField(null=True, help_text="the ledger transaction that charged it")
    supersedes_id = models.BigIntegerField(null=True, help_text="the record this one corrects")

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
