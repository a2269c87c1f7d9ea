"""The gazetteer by name and number: names, places on them, the ladder of an address, and the queue for review."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LADDER = ("province", "district", "town", "community", "village_group", "estate", "building", "room")


def _extend_addresses() -> None:
    op.drop_index("ix_addresses_search_text", "addresses")
    op.drop_index("ix_addresses_street", "addresses")
    op.alter_column(
        "addresses",
        "search_text",
        new_column_name="areas",
        server_default="",
        comment="Normalised names of the areas that it lies in",
    )
    op.execute(sa.text("update addresses set areas = ''"))
    for name in _LADDER:
        op.add_column("addresses", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column(
        "addresses",
        sa.Column(
            "aliases",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Other names of the same place",
        ),
    )


def _create_names() -> None:
    op.create_table(
        "address_names",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="Normalised name"),
        sa.Column("core", sa.Text(), nullable=False, comment="The same without direction and type"),
        sa.Column("text", sa.Text(), nullable=False, comment="The name as it is written"),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_address_names_jurisdiction_id_jurisdictions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_names")),
        sa.UniqueConstraint("jurisdiction_id", "key", name=op.f("uq_address_names_jurisdiction_id_key")),
        sa.CheckConstraint("key <> ''", name=op.f("ck_address_names_key_not_empty")),
        comment="Names in the gazetteer: streets, places, communities",
    )
    op.create_index(
        "ix_address_names_core",
        "address_names",
        ["jurisdiction_id", "core"],
        postgresql_ops={"core": "text_pattern_ops"},
    )
    op.create_index(
        "ix_address_names_prefix",
        "address_names",
        ["jurisdiction_id", "key"],
        postgresql_ops={"key": "text_pattern_ops"},
    )
    op.create_index(
        "ix_address_names_trigrams",
        "address_names",
        ["core"],
        postgresql_using="gin",
        postgresql_ops={"core": "gin_trgm_ops"},
    )


def _create_places() -> None:
    op.create_table(
        "address_places",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True, comment="Along the street, from the house number"),
        sa.Column("number_key", sa.Text(), server_default="", nullable=False, comment="Normalised house number"),
        sa.ForeignKeyConstraint(
            ["name_id"], ["address_names.id"], name=op.f("fk_address_places_name_id_address_names"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_address_places_address_id_addresses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_places")),
        comment="Each address under each of its names, by number",
    )
    op.create_index("ix_address_places_number", "address_places", ["name_id", "place"])
    op.create_index("ix_address_places_address", "address_places", ["address_id"])


def _create_reviews() -> None:
    op.create_table(
        "geocode_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, comment="The address as it came"),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("candidates", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("choice", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["jurisdictions.id"], name=op.f("fk_geocode_reviews_jurisdiction_id_jurisdictions")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_geocode_reviews_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geocode_reviews")),
        sa.CheckConstraint("question <> ''", name=op.f("ck_geocode_reviews_question_not_empty")),
        comment="Addresses that a person has to look at, with what they may mean",
    )
    op.create_index(
        "ix_geocode_reviews_open",
        "geocode_reviews",
        ["jurisdiction_id", "id"],
        postgresql_where=sa.text("resolved_at is null"),
    )


def upgrade() -> None:
    _create_names()
    _create_places()
    _create_reviews()
    _extend_addresses()


def downgrade() -> None:
    op.drop_table("geocode_reviews")
    op.drop_table("address_places")
    op.drop_table("address_names")
    for name in (*_LADDER, "aliases"):
        op.drop_column("addresses", name)
    op.alter_column(
        "addresses",
        "areas",
        new_column_name="search_text",
        server_default=None,
        comment="Normalised words that are searched",
    )
    op.create_index(
        "ix_addresses_search_text",
        "addresses",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index("ix_addresses_street", "addresses", ["jurisdiction_id", "street"])
