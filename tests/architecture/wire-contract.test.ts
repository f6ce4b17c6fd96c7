// Numbers that cross between JavaScript and native are written on both sides; here they are compared.
import { describe, expect, it } from 'vitest'
import { Errc, EventType, Param, RequestFlag, SocketSetting } from '../../lib/native/contract.ts'
import { ChecksumKind, DownloadEnd } from '../../lib/native/download-contract.ts'
import { read, withoutComments } from './support.ts'

/** `name = number` pairs in the first block that starts with `opening`. */
function numbersIn(file: string, opening: RegExp): Record<string, number> {
  const text = withoutComments(read(file))
  const start = opening.exec(text)
  if (start === null) throw new Error(`${file} has no ${opening}`)
  const block = text.slice(start.index + start[0].length, text.indexOf('}', start.index))
  return Object.fromEntries(
    [...block.matchAll(/\b(\w+)\s*=\s*(\d+)\b/g)].map(([, name, number]) => [name, Number(number)]),
  )
}

describe('the wire contract', () => {
  it.each([
    {
      name: 'EventType',
      ours: EventType,
      file: 'core/include/dodici/event_batch.h',
      opening: /enum class EventType[^{]*\{/,
    },
    {
      name: 'Errc',
      ours: Errc,
      file: 'core/include/dodici/error.h',
      opening: /enum class Errc[^{]*\{/,
    },
    {
      name: 'SocketSetting',
      ours: SocketSetting,
      file: 'core/include/dodici/request.h',
      opening: /enum class SocketSetting[^{]*\{/,
    },
    {
      name: 'ChecksumKind',
      ours: ChecksumKind,
      file: 'core/include/dodici/download.h',
      opening: /enum class ChecksumKind[^{]*\{/,
    },
    {
      name: 'DownloadEnd',
      ours: DownloadEnd,
      file: 'core/include/dodici/download.h',
      opening: /enum class DownloadEnd[^{]*\{/,
    },
    {
      name: 'Param',
      ours: Param,
      file: 'addon/marshal/request_from_js.cpp',
      opening: /namespace param \{/,
    },
    {
      name: 'RequestFlag',
      ours: RequestFlag,
      file: 'addon/marshal/request_from_js.cpp',
      opening: /namespace flag \{/,
    },
  ])('has the same $name in $file', ({ ours, file, opening }) => {
    expect(numbersIn(file, opening)).toEqual(ours)
  })
})
