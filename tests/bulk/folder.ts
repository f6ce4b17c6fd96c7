import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Folder extends Disposable {
  readonly path: string
  file(name: string): string
  names(): string[]
}

/** A new folder, which is removed at the end. */
export function newFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'dodici-bulk-'))
  return {
    path,
    file: (name) => join(path, name),
    names: () => readdirSync(path),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
