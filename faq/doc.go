// Package faq reads the FAQ and tells what a message asks.
//
// An FAQ is a few YAML files that people write by hand: entries, each with the
// ways customers ask and one approved answer per language. [Load] turns them
// into an immutable [Index]; [Live] follows the files and swaps the index as a
// whole, so that a mistake in a file never takes the FAQ away.
//
// Entries may hold for a time and in some channels only: [Index.For] gives the index
// as it is then and there. [Index.Lint] finds what loads and is probably not meant.
//
// [Index.Read] is the one call for a message. It returns a [Reading]: the
// language; what the message wants beyond an answer (a person, to complain, a
// refund, to say thanks …); and its questions, each with the entries that may
// answer it, best first. Every match carries
// the probability that it is right, and every question an [Outcome]: answer,
// offer choices, or hand over. Which it is follows from the precision that the
// operator states, see Options.Precision: "be right 95 times of 100". What to do
// about a reading is the caller's policy.
//
// [Index.Evaluate] measures an FAQ by questions whose answers are known, and
// [Index.CrossValidate] by its own.
//
// # How it decides
//
// A message is cut into sentences (lines.go, sentences.go), pleasantries are
// taken off (understand.go), and what belongs together is joined (segments.go).
// What is wanted beyond answers is found by rules (rules.go, scan.go, words/*.rules),
// because there a trap such as 人工提额 or "human resources" matters more than a
// likeness. Where no rule says anything, examples of what messages want decide
// (examples.go, words/intents_*.yaml, and the operator's own files), by the same
// classifier as questions. Asking about a thing is a question; wanting it is an
// intent. How upset a message sounds is told apart from what it wants (tone.go):
// a grumble is no complaint.
//
// Questions are matched by a small classifier that is trained when the FAQ is
// loaded: tf-idf features of words, pairs and pieces of words (features.go), a
// multinomial logistic regression over the entries (model.go), and the nearest
// example questions (neighbours.go). What a question has misspelt is read as the
// word of the FAQ that was meant (slips.go), by the keys of the keyboard
// (spelling.go) or by the sound of Chinese characters (homophones.go). How sure that is, is judged by signs that
// do not depend on what the FAQ is about (signs.go), by a calibration that was
// fitted once on many FAQs (calibration.go) and is shipped with the program that
// makes it. The point from which matches are answers is tuned to what an FAQ shows on
// its own examples and to what its customers ask (tuning.go). The same files and the
// same [Tuning] give the same answers on every machine.
//
// Training takes seconds for hundreds of entries. A [Cache] keeps what comes of it
// (cache.go) for the next start of the same FAQ; loading stops soon when its context
// ends.
//
// Nothing here does I/O besides Load and Live, nothing reads a clock besides
// Live, and everything may be used by many goroutines at once.
package faq
