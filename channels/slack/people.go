package slack

type people struct{}
