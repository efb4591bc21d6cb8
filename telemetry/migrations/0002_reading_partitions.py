"""The stream of readings: partitioned by day, a default partition so that no reading is ever refused."""

from django.db import migrations

CREATE = """
CREATE TABLE telemetry_reading (
    heater_id bigint NOT NULL,
    at timestamptz NOT NULL,
    supply_dc smallint, return_dc smallint, outdoor_dc smallint, room_dc smallint, set_room_dc smallint,
    running boolean, mode smallint, fault integer, power_w integer, energy_dkwh bigint,
    flags smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (heater_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE telemetry_reading_default PARTITION OF telemetry_reading DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]
    operations = [
        migrations.RunSQL(CREATE, "DROP TABLE telemetry_reading"),
        migrations.RunSQL(
            # Readings lie in the order of time: a block range index finds "since then" in a day of millions.
            "CREATE INDEX telemetry_reading_at ON telemetry_reading USING brin (at) WITH (pages_per_range = 32)",
            "DROP INDEX telemetry_reading_at",
        ),
        migrations.RunSQL(
            # Rows of the newest readings are rewritten at every poll: room beside them keeps that off the index.
            "ALTER TABLE telemetry_latestreading SET (fillfactor = 50)",
            "ALTER TABLE telemetry_latestreading RESET (fillfactor)",
        ),
    ]
