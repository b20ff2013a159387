// Package segment keeps rows of log tables in segments: Parquet files of one
// table each, compressed with zstd, that are written once and never change.
//
// A [Writer] gathers rows as columns and closes a segment about once a second.
// A [Folder] takes segments of any number of firewalls, knows which time each
// of them is of, merges small ones into larger ones, and drops old ones. Who
// reads pins a [Generation] of the folder, which is never changed: what is
// merged or dropped meanwhile stays on the disk until the pin is released.
//
//	segments.json                                   the format, and the folder's id
//	list                                            what there is; made again from the files when it is gone
//	lock                                            held by the process that writes
//	TABLE/2026-11-29/20261129T140903.123456Z~….parquet
//	damaged/                                        files that are no whole segments, each with a report
//
// A segment's name is its identity ([Name]): one that is delivered a second time
// is recognised, also when its rows have been merged into another.
//
// The parts:
//
//	name.go, info.go, ranges.go            what a segment is called and says of itself
//	batch.go, column.go, dictionary*.go    rows as columns in memory
//	order.go, order_server.go              in which order they take the least room
//	kind.go, encode.go, encode_flat.go,
//	codec.go, file.go, filter.go           columns → Parquet
//	keys.go, keyfilter.go                  what rows can be found by without opening a file
//	rows.go, rows_read.go                  rows written down before they are in a segment
//	checksum.go, scrub.go                  what protects a file from being read when it is damaged
//	writer.go                              rows → a segment
//	folder.go, generation.go, take.go      the folder
//	merge.go, read.go, retain.go, clock.go what becomes of segments
//	records.go                             a small one, read whole
//	list.go, state.go, reconcile.go,
//	adopt.go                               its list, and what is repaired at the start
//	owner.go                               whose rows a segment has
//	damaged.go, lost.go                    what is set aside, and which rows are lost with it
package segment
