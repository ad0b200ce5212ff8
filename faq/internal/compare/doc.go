// Package compare measures package faq beside two engines that people take for
// the same purpose: bleve and SQLite's FTS5. It is a module of its own, so that
// nobody who uses Frontdesk carries them, and it has nothing but benchmarks:
//
//	go test -tags sqlite_fts5 -run '^$' -bench . -benchtime 1x -cpu 1
//
// in this folder. FRONTDESK_LONG=1 adds 10,000 entries, FRONTDESK_TESTDATA=… the
// public sets. Without the tag the driver has no FTS5, and its lines are skipped.
//
// # What is asked of each
//
// All learn the same example questions and are asked the same others, which none
// has seen, one after the other on one core. A question is a message: Frontdesk
// is timed in [faq.Index.Read], the whole call for one, with everything that the
// others do not do (sentences, intents, tone, how sure it is), and what it finds
// is the best match of what it read as questions. The figures:
//
//	load-s   seconds from the example questions to a ready index
//	MB       memory that this takes as long as it is kept: the heap of Go after a
//	         collection, and for FTS5 the pages of its database; what an engine
//	         sets up once per process, such as lists of words, is left out
//	p50-us   half of the questions took no longer, in microseconds
//	p99-us   99 of 100 did not; of each question the shortest of five times
//	         counts, as the others tell what else the machine was doing
//	top1-%   of the questions, the best match was the right entry
//
// # How the others are set up
//
// Every example question is a document with its entry as a stored field; the
// entry of the best document wins. A query is the OR of the question's terms,
// ranked by BM25 with the engine's own constants. Everything is in memory.
// Chinese and English have an index each, chosen by the script of the question,
// as lengths and frequencies should be those of one language.
//
//   - bleve: scorch, the index type that knows BM25, written in one batch, which
//     makes one segment, the fastest to search; analyzers "en" (stop words,
//     Porter) and "cjk" (pairs of characters). Positions and the text itself are
//     not kept.
//   - FTS5: by the driver that Frontdesk uses, one connection, prepared
//     statements; tokenizer "porter unicode61", and for Chinese unicode61 over
//     pairs of characters, as trigrams find no word of two. It knows no stop
//     words: bleve's are left out of English queries, which makes it up to four
//     times as fast and finds more. Merged to one segment ("optimize"), which
//     counts as loading.
//
// The others rank documents, so that the nearest example decides; Frontdesk
// learns what parts the entries. That is what it pays for with time and memory.
//
// Made questions are for speed. How one begins ("how do I", "why is my") tells
// nothing of its entry there, while it often does in real ones. Frontdesk learns
// from beginnings too, which costs it: with five examples per entry, half of them
// Chinese, it finds less of the made English than the others do, and as much or
// more if each entry keeps to one beginning. For how many are found see
// BenchmarkPublic.
package compare
