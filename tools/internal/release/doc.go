// Package release tries the modules of this workspace as strangers get them, before anybody gets them.
//
// In the workspace a module builds whether or not its go.mod is right: go.work finds the others on disk, and
// everything that lies in the folder is there. A stranger has a zip file, its go.mod and a proxy. So Verify
//
//   - copies the tree, as it is or as a commit has it, without what git ignores;
//   - gives all modules one version, and from the leaves of the graph upwards tidies and packs each;
//   - serves the zip files as a module proxy on the file system, beside the third-party modules of the module
//     cache: once those are there, all of it works without a network;
//   - imports each module, and no other, from a program in a module of its own, runs that, and compares what
//     came along with a list that is kept in testdata/strangers;
//   - vets and tests each module as it was packed.
//
// Nothing of the checkout is changed, except by Update. A check that fails does not stop the others.
package release
