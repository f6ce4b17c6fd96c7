import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const file = new URL('../../scripts/bundled/edits.mjs', import.meta.url).href
const { applyEdits, edits } = await import(file)

describe('edits of the bundled libraries', () => {
  let source: string
  beforeEach(() => {
    source = mkdtempSync(join(tmpdir(), 'dodici-edits-'))
    mkdirSync(join(source, 'lib'))
  })
  afterEach(() => rmSync(source, { recursive: true }))

  const fitting = `
      if(conn_cb(conn, userdata)) {
        found = TRUE;
    if(do_lock)
      CPOOL_LOCK(cpool, admin);
    if(cpool->num_conn > maxconnects) {
`

  it('go into the places that they are for', () => {
    const changed = join(source, 'lib/conncache.c')
    writeFileSync(changed, fitting)
    expect(applyEdits('curl', source)).toBe(0)
    const edited = readFileSync(changed, 'utf8')
    expect(edited.match(/Curl_node_remove/g)).toHaveLength(edits.curl.length)
    expect(edited.indexOf('Curl_llist_append')).toBeLessThan(edited.indexOf('found = TRUE'))
  })

  it('stay out of a version in which a place looks different, or is there twice', () => {
    const strange = join(source, 'lib/conncache.c')
    writeFileSync(strange, 'something else')
    expect(applyEdits('curl', source)).toBe(edits.curl.length)
    writeFileSync(strange, fitting + fitting)
    expect(applyEdits('curl', source)).toBe(edits.curl.length)
    expect(readFileSync(strange, 'utf8')).toBe(fitting + fitting)
  })

  it('are none of most libraries', () => {
    expect(applyEdits('nghttp2', source)).toBe(0)
  })
})
