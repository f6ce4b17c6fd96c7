// What is changed in the bundled libraries' sources before they are built: for speed only, so that a version in which a
// place looks different, or the system's own library, does the same more slowly.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Each: `after` comes behind the one place in `file` that matches `at`. */
export const edits = {
  // libcurl looks for a connection to use again from the head of an origin's list: past all that are busy, which with a
  // thousand of them is a quarter of what a request costs. Kept in order: multiplexed ones, idle ones, busy ones.
  curl: [
    {
      file: 'lib/conncache.c',
      at: /if\(conn_cb\(conn, userdata\)\) \{\n/,
      after: `
        if(Curl_node_llist(&conn->cpool_node)) {
          Curl_node_remove(&conn->cpool_node);
          if(conn->bits.multiplex)
            Curl_llist_insert_next(&bundle->conns, NULL, conn, &conn->cpool_node);
          else
            Curl_llist_append(&bundle->conns, conn, &conn->cpool_node);
        }
`,
    },
    {
      file: 'lib/conncache.c',
      at: /if\(do_lock\)\n\s*CPOOL_LOCK\(cpool, admin\);\n(?=\s*if\(cpool->num_conn > maxconnects\))/,
      after: `
    {
      struct Curl_llist *bundled = Curl_node_llist(&conn->cpool_node);
      if(bundled) {
        struct Curl_llist_node *before = NULL;
        struct Curl_llist_node *next;
        Curl_node_remove(&conn->cpool_node);
        for(next = Curl_llist_head(bundled); next && !conn->bits.multiplex; next = Curl_node_next(next)) {
          const struct connectdata *other = Curl_node_elem(next);
          if(!other->bits.multiplex)
            break;
          before = next;
        }
        Curl_llist_insert_next(bundled, before, conn, &conn->cpool_node);
      }
    }
`,
    },
  ],
}

/** Returns how many of the library's edits did not fit. */
export function applyEdits(name, directory) {
  return (edits[name] ?? []).filter((edit) => !apply(edit, directory)).length
}

function apply({ file, at, after }, directory) {
  const path = join(directory, file)
  const text = readFileSync(path, 'utf8')
  const places = [...text.matchAll(new RegExp(at, 'g'))]
  if (places.length !== 1) return false
  const end = places[0].index + places[0][0].length
  writeFileSync(path, text.slice(0, end) + after.trimStart() + text.slice(end))
  return true
}

/** All edits as text, for the cache key. */
export function describeEdits() {
  return JSON.stringify(edits, (_, value) => (value instanceof RegExp ? value.source : value))
}
