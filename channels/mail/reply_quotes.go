package mail

// replyTail drops what follows the last quoted line if it is only a signature
// or what a mailing list adds.
func replyTail(lines []replyLine) []replyLine {
	last := len(lines) - 1
	for last >= 0 && !lines[last].quoted && !lines[last].gone {
		last--
	}
	if last < 0 {
		return lines
	}
	tail := append([]replyLine{{}}, lines[last+1:]...)
	if kept, _ := replySignature(tail); replyAtMost(kept, 0) {
		return lines[:last+1]
	}
	return lines
}

// replyQuotes drops quoted lines below which the author wrote nothing, and the
// whole quote if he wrote below it. Where he answered one by one, the line
// before each answer stays. Quotes without an introduction that he wrote around
// are his own choice, and stay.
func replyQuotes(lines []replyLine) []replyLine {
	type block struct {
		from, to   int
		introduced bool
	}
	var blocks []block
	answered, introduced := 0, false
	for i := 0; i < len(lines); {
		if !lines[i].quoted && !lines[i].gone {
			i++
			continue
		}
		b := block{from: i}
		for i < len(lines) && (lines[i].quoted || lines[i].gone || lines[i].blank()) {
			introduced = introduced || lines[i].gone
			i++
		}
		b.to, b.introduced = i, introduced
		blocks = append(blocks, b)
		if introduced && i < len(lines) {
			answered++
		}
	}
	var kept []replyLine
	at := 0
	for _, b := range blocks {
		kept = append(kept, lines[at:b.from]...)
		at = b.to
		quote := lines[b.from:b.to]
		switch {
		case b.to == len(lines):
		case !b.introduced && len(quote) <= 20:
			kept = append(kept, quote...)
		case b.introduced && answered == 1:
			kept = append(kept, replyLine{})
		default:
			for j := len(quote) - 1; j >= 0; j-- {
				if quote[j].quoted && !quote[j].gone && !quote[j].blank() {
					kept = append(replyTrimEnd(kept), replyLine{}, quote[j])
					break
				}
			}
		}
	}
	return append(kept, lines[at:]...)
}
