CREATE TABLE "reference_waits" (
	"pair" text NOT NULL,
	"entity" bigint NOT NULL,
	"unit" text NOT NULL,
	"side" text NOT NULL,
	"parent" text NOT NULL,
	"parent_side" text NOT NULL,
	"parent_key" text COLLATE "C" NOT NULL,
	"seen" bigint NOT NULL,
	CONSTRAINT "reference_waits_pair_entity_unit_side_parent_side_parent_key_pk" PRIMARY KEY("pair","entity","unit","side","parent_side","parent_key")
);
