CREATE TABLE "reference_names" (
	"pair" text NOT NULL,
	"entity" bigint NOT NULL,
	"parent" text NOT NULL,
	"parent_side" text NOT NULL,
	"parent_key" text COLLATE "C" NOT NULL,
	CONSTRAINT "reference_names_pair_entity_parent_parent_side_parent_key_pk" PRIMARY KEY("pair","entity","parent","parent_side","parent_key")
);
--> statement-breakpoint
CREATE INDEX "reference_names_parent" ON "reference_names" USING btree ("parent","parent_side","parent_key");