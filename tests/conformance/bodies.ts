/** Request bodies whose length nobody knows before their end. */
import { Readable } from 'node:stream'
import { turns } from '../support/wait.ts'

/** Each text comes in a turn of its own. */
export function pieces(...texts: string[]): Readable {
  return Readable.from(oneByOne(texts), { objectMode: false })
}

export function endless(): Readable {
  return Readable.from(endlessly(), { objectMode: false })
}

async function* oneByOne(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    await turns(1)
    yield Buffer.from(text)
  }
}

async function* endlessly(): AsyncGenerator<Buffer> {
  for (;;) {
    await turns(1)
    yield Buffer.alloc(1000, 'x')
  }
}
