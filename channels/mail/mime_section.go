package mail

import (
	"io"

	"frontdesk/channels"
)

// mimeOpener returns a blob of the decoded bytes of raw from off to off+length.
func mimeOpener(raw channels.Blob, off, length, size int64, encoding string) channels.Blob {
	return channels.Blob{Size: size, Open: func() (io.ReadCloser, error) {
		r, err := raw.Open()
		if err != nil {
			return nil, err
		}
		section, err := mimeSection(r, off, length)
		if err != nil {
			r.Close()
			return nil, err
		}
		return &mimeReader{src: section, closer: r, decoder: newMIMEDecoder(encoding)}, nil
	}}
}

// mimeSection reads length bytes of r from off, by the cheapest way there is.
func mimeSection(r io.Reader, off, length int64) (io.Reader, error) {
	switch r := r.(type) {
	case io.ReaderAt:
		return io.NewSectionReader(r, off, length), nil
	case io.Seeker:
		if _, err := r.Seek(off, io.SeekStart); err != nil {
			return nil, err
		}
	default:
		if _, err := io.CopyN(io.Discard, r, off); err != nil {
			return nil, err
		}
	}
	return io.LimitReader(r, length), nil
}

// mimeReader decodes as it is read.
type mimeReader struct {
	src     io.Reader
	closer  io.Closer
	decoder mimeDecoder
	in      []byte
	out     []byte // decoded, of which the first at were read
	at      int
	err     error
}

func (r *mimeReader) Read(p []byte) (int, error) {
	for r.at == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		if r.in == nil {
			r.in = make([]byte, 8<<10)
		}
		var n int
		n, r.err = r.src.Read(r.in)
		r.out, r.at = r.decoder.write(r.out[:0], r.in[:n]), 0
		if r.err == io.EOF {
			r.out = r.decoder.flush(r.out)
		}
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

func (r *mimeReader) Close() error { return r.closer.Close() }
