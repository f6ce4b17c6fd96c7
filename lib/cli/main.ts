#!/usr/bin/env node
// The command `dodici`. In a Node that is too old, the rest does not even load.
import { readFileSync } from 'node:fs'
import { complaintAboutNode } from './node-version.ts'

const manifest = new URL('../../package.json', import.meta.url)
const { version, engines } = JSON.parse(readFileSync(manifest, 'utf8')) as {
  version: string
  engines: { node: string }
}
const complaint = complaintAboutNode(process.versions.node, engines.node)
if (complaint === undefined) {
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2), version)
} else {
  process.stderr.write(`dodici: ${complaint}\n`)
  process.exitCode = 1
}
