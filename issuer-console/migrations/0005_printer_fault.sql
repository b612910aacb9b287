ALTER TABLE "gates" ADD COLUMN "printer_fault" text;--> statement-breakpoint
ALTER TABLE "gates" ADD COLUMN "printer_since" timestamp (3) with time zone;