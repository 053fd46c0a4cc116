-- How many items of the sample marketplace are loaded, so that an interrupted load goes on where it stopped.
CREATE TABLE sample_load (
    items bigint NOT NULL
);

INSERT INTO sample_load (items) VALUES (0);
