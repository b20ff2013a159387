package topology

import "slices"

// codes are the kinds of trouble that a pair has in the topology so far.
func (s *session) codes(number int32) []FindingCode {
	if codes, ok := s.kinds[number]; ok {
		return codes
	}
	return codesOf(s.pairs[number].issues)
}

func codesOf(issues []issue) []FindingCode {
	var codes []FindingCode
	for _, i := range issues {
		if !slices.Contains(codes, i.code) {
			codes = append(codes, i.code)
		}
	}
	return codes
}

// accept verifies the changes against every pair that they can matter to, and
// keeps them where none has got trouble of a kind that it did not have.
func (s *session) accept(r *Resolver, number int32, made []Fix) bool {
	judged := map[int32][]FindingCode{}
	passed := map[int32][]int32{}
	for _, touched := range s.touched(made) {
		if _, done := judged[touched]; done {
			continue
		}
		issues, places := s.look(r, s.pairs[touched])
		codes, before := codesOf(issues), s.codes(touched)
		for _, c := range codes {
			if !slices.Contains(before, c) {
				return false
			}
		}
		judged[touched], passed[touched] = codes, places
	}
	if codes, ok := judged[number]; ok && len(codes) > 0 {
		return false
	}
	s.keep(r, made, judged, passed)
	return true
}

func (s *session) keep(r *Resolver, made []Fix, judged map[int32][]FindingCode, passed map[int32][]int32) {
	s.resolver = r
	s.fixes = append(s.fixes, made...)
	for number, codes := range judged {
		s.kinds[number] = codes
		known, ok := s.passed[number]
		if !ok {
			known = s.pairs[number].places
		}
		for _, place := range passed[number] {
			if !slices.Contains(known, place) {
				known = append(slices.Clip(known), place)
				s.more[place] = append(s.more[place], number)
			}
		}
		s.passed[number] = known
	}
}

// touched lists the pairs whose packets pass a subnet that the changes matter
// to, some of them twice.
func (s *session) touched(made []Fix) []int32 {
	var list []int32
	for _, f := range made {
		for _, place := range s.resolver.affected(f) {
			list = append(append(list, s.byPlace[place]...), s.more[place]...)
		}
	}
	return list
}
