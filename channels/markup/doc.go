// Package markup turns the three ways in which people's words are written,
// HTML, Markdown and plain text, into one another.
//
// What comes from outside is HTML of unknown make: [HTMLToText] makes it
// readable words, and says which words the author hid; [CleanHTML] makes it fit
// to be shown to a person: nothing in it runs, and nothing is loaded from
// elsewhere. What goes out is Markdown or plain text that we wrote ourselves:
// [MarkdownToHTML], [MarkdownToText] and [PlainToHTML] draw it.
//
// All functions are total: they take any input, valid or not, and neither fail
// nor panic. They may be called concurrently. Time and memory grow with the
// length of the input; callers cap that length.
package markup
