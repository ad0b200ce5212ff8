package main

import (
	"fmt"
	"strings"
)

// This file checks what only shows when the whole file has been read: whose
// address is whose. A mistake there makes mail go round in circles.

type addressUse int

const (
	ofChannel  addressUse = iota // the bot reads what is sent to it
	ofPerson                     // a member of staff writes from it
	ofDesk                       // the bot sends work to it
	ofOperator                   // the bot sends alarms to it
)

// placedAddress is an address and where the configuration names it.
type placedAddress struct {
	*configValue
	address string
	use     addressUse
}

// address notes an address for [configReader.checkAddresses].
func (r *configReader) address(v *configValue, address string, use addressUse) {
	if v != nil && address != "" {
		r.addresses = append(r.addresses, placedAddress{v, address, use})
	}
}

func (r *configReader) checkAddresses() {
	own, people := map[string]*configValue{}, map[string]*configValue{}
	for _, a := range r.addresses {
		switch {
		case a.use == ofChannel && own[a.address] != nil:
			a.problem(fmt.Sprintf("%s is a channel's address already (%s)", a.address, own[a.address].where()), "remove one of the two")
		case a.use == ofChannel:
			own[a.address] = a.configValue
		case a.use == ofPerson && people[a.address] != nil:
			a.problem(fmt.Sprintf("%s belongs to somebody already (%s)", a.address, people[a.address].where()), "write each person's own address")
		case a.use == ofPerson:
			people[a.address] = a.configValue
		}
	}
	for _, a := range r.addresses {
		mailbox := own[a.address]
		if mailbox == nil { // support+urgent@… arrives where support@… does
			mailbox = own[withoutTag(a.address)]
		}
		switch {
		case mailbox == nil:
		case a.use == ofPerson:
			a.problem(fmt.Sprintf("%s is read by the bot (%s), so it is nobody's own", a.address, mailbox.where()), "write the address that this person writes from")
		case a.use == ofDesk:
			a.problem(fmt.Sprintf("%s is read by the bot (%s): it would send work to itself, round and round", a.address, mailbox.where()),
				"write an address that reaches people and does not lead into this mailbox")
		case a.use == ofOperator:
			a.problem(fmt.Sprintf("%s is read by the bot (%s): nobody would see an alarm there", a.address, mailbox.where()),
				"write an address that people read when this mailbox does not work")
		}
	}
}

// withoutTag returns support@acme.example for support+urgent@acme.example.
func withoutTag(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// where names the place of a value, for a problem that is at another one.
func (v *configValue) where() string { return fmt.Sprintf("%s, line %d", v.path, v.place().line) }

// placedMailbox is a folder that is read, and where the configuration names it.
type placedMailbox struct {
	*configValue
	imap IMAPConfig
}

// checkMailboxes refuses two channels on one folder: which of them a mail
// belongs to would be chance.
func (r *configReader) checkMailboxes() {
	for i, m := range r.mailboxes {
		for _, o := range r.mailboxes[:i] {
			if strings.EqualFold(m.imap.Host, o.imap.Host) && m.imap.Port == o.imap.Port && m.imap.User == o.imap.User && m.imap.Folder == o.imap.Folder {
				m.problem(fmt.Sprintf("this folder is read already (%s)", o.where()), "name another folder, or join the two channels with `aliases`")
				break
			}
		}
	}
}
