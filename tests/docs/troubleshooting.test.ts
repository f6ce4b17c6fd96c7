/** The messages that docs/troubleshooting.md explains are those that the code has. */
import { expect, it } from 'vitest'
import { projectFiles, read } from '../architecture/support.ts'

it('docs/troubleshooting.md quotes messages of lib/', () => {
  const page = read('docs/troubleshooting.md')
  const quoted = [...page.matchAll(/^\| "([^"]+)" \|/gm)].map(([, message = '']) => message)
  const sources = projectFiles(/^lib\/.*\.ts$/).map(read)
  expect(quoted.length).toBeGreaterThan(3)
  expect(quoted.filter((text) => !sources.some((source) => source.includes(text)))).toEqual([])
})
