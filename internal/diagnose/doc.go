// Package diagnose says what became of a connection on its whole way: what
// happened, where it is stuck, why, and what to change. It is pure: it is given
// the rows of all firewalls, the topology and the policies, and answers; it
// reads no file and asks nobody.
//
// # Two kinds of knowledge
//
// A row ([flow.Connection]) says what one firewall saw. It is the truth, of one
// place. A topology says which way packets should take, there and back. It is
// the whole network, and only a file: routes may have been changed since. A
// verdict puts both side by side. Where they agree, the topology's route, peering
// or security rule is the cause. Where the topology says that all is well and
// the packets say otherwise, the packets are right, and the verdict says so.
//
// # From rows to a verdict
//
//  1. Rows of one attempt are put together ([Attempts]): by connection id, which
//     is equal at every firewall, and across address translation by the
//     translated tuple.
//  2. The firewalls are put in the order of the way: the topology's, or else
//     that of the time between SYN and SYN-ACK, which is shorter nearer to the
//     server. Times of two hosts are never compared.
//  3. One firewall explains the others. A firewall that denied, or that saw a
//     packet which cannot be there, knows why; those that only wait for an
//     answer do not. So proof comes before absence, and of those that only miss
//     something the one nearest to the client tells what the client feels.
//  4. The place follows from the last firewall that saw a step and the first
//     that did not. The cause is what the topology has at that place.
//  5. A fix is tried before it is shown: it is applied to the topology or the
//     policy in memory, and the way must be sound then.
//
// # How sure
//
// Proof is a packet that was seen. A verdict that rests on proof is certain
// whatever else was lost. Absence is a packet that did not come; it proves
// nothing while events of that time were lost, not recorded, or while nobody
// asked that firewall. [Verdict.Doubts] says which of these it is.
//
// Verdicts are codes with fields. Sentences about them, in English and Japanese,
// are made by package tell, and package ladder draws the steps.
package diagnose
