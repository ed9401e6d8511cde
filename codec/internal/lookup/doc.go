// Package lookup is what the two lookups, CGROUPS_LOOKUP and APPS_LOOKUP, have in common (spec 07, "Lookups:
// common parts"): header and directory, labels, orchestrators, and what a builder does when an answer does not
// fit. The packages of the two methods export its types under their own names.
package lookup
