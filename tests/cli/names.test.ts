/** Where `dodici get` puts objects, and its words for people. */
import { mkdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readArguments, type Source } from '../../lib/cli/arguments.ts'
import { complaintAboutNode } from '../../lib/cli/node-version.ts'
import { fileName, targetsOf } from '../../lib/cli/targets.ts'
import { helpText, UsageError } from '../../lib/cli/usage.ts'
import { bytesInWords, errorInWords, timeInWords, urlInWords } from '../../lib/cli/words.ts'
import { newFolder } from '../bulk/folder.ts'

const sources = (...urls: string[]): Source[] =>
  urls.map((url) => ({ url: new URL(url), headers: [] }))
const paths = (urls: readonly string[], output?: string): (string | undefined)[] =>
  targetsOf(sources(...urls), output).map(({ path }) => path)

describe('the name of a file', () => {
  it.each([
    ['http://a/b/c.tar.gz?version=1#part', 'c.tar.gz'],
    ['http://a/b%20c', 'b c'],
    ['http://a/%C3%A4', 'ä'],
    ['http://a/%E0%A4%A', '%E0%A4%A'],
    ['http://a/', 'download'],
    ['http://a/b/', 'download'],
    ['http://a/%20', 'download'],
    ['http://a/x/%2e%2e', 'download'],
    ['http://a/..%2f..%2fetc%2fpasswd', '.._.._etc_passwd'],
    ['http://a/..%5c..%5cboot', '.._.._boot'],
    ['http://a/a%00b%0ac%1b%5b2J', 'a_b_c_[2J'],
    ['http://a/exe.%E2%80%AEtxt', 'exe._txt'],
  ])('of %s is %s', (url, name) => {
    expect(fileName(new URL(url))).toBe(name)
  })

  it('is not longer than file systems take, and has whole letters', () => {
    const name = fileName(new URL(`http://a/${'ä'.repeat(300)}`))
    expect(name).toBe('ä'.repeat(100))
  })
})

describe('-o', () => {
  it('names the file of one URL, or a folder', () => {
    using folder = newFolder()
    expect(paths(['http://a/x'])).toEqual(['x'])
    expect(paths(['http://a/x'], folder.file('y'))).toEqual([folder.file('y')])
    expect(paths(['http://a/x'], folder.file('new/'))).toEqual([folder.file('new/x')])
    mkdirSync(folder.file('old'))
    expect(paths(['http://a/x'], folder.file('old'))).toEqual([folder.file('old/x')])
    expect(paths(['http://a/x'], '-')).toEqual([undefined])
  })

  it('names a folder for several URLs, which is made', () => {
    using folder = newFolder()
    const urls = ['http://a/x', 'http://b/y']
    expect(paths(urls, folder.file('deep/in'))).toEqual([
      folder.file('deep/in/x'),
      folder.file('deep/in/y'),
    ])
    expect(folder.names()).toEqual(['deep'])
  })

  it('does not let two URLs have one file', () => {
    expect(() => paths(['http://a/x', 'http://b/x?2'])).toThrow('two URLs have the file name x')
  })
})

describe('wrong arguments', () => {
  const wrong = (args: readonly string[], message: string): void => {
    expect(() => readArguments(args)).toThrow(new UsageError(message))
  }

  it.each([
    [['put'], 'there is no command put'],
    [['get'], 'a URL is missing'],
    [['get', 'http://a/', '--fast'], "Unknown option '--fast'"],
    [['get', 'http://a/', '-j'], "Option '-j, --concurrency <value>' argument missing"],
    [['get', 'http://a/', '-j', 'many'], '--concurrency needs a number: many'],
    [
      ['get', 'http://a/', '--range-size', '1T'],
      '--range-size needs a number, or one with K, M or G: 1T',
    ],
    [
      ['get', 'http://a/', '--checksum', 'sha1:00'],
      '--checksum needs sha256, md5 or crc32c, and may have a value: sha1:00',
    ],
    [['get', 'http://a/', '-H', 'Name'], "-H needs 'name: value'"],
    [['get', 'http://a/', '--http3'], '--http3 is not supported yet'],
    [['get', 'http://a/', '-o', ''], '-o must not be empty'],
    [['get', 'http://a/', '-o', '-', '--json'], '--json and -o - both write to stdout'],
    [['get', 'http://a/', '-o', '-', '--resume'], '--resume needs a file'],
    [['get', 'http://a/', 'http://b/', '-o', '-'], '-o - takes one URL'],
    [
      ['get', 'http://a/', 'http://b/', '--checksum', 'md5:0'],
      '--checksum with a value takes one URL',
    ],
    [['get', 'file:///x'], 'not a URL of http: or https:: file:///x'],
  ])('%j', wrong)
})

describe('credentials', () => {
  it('in a URL become a header, and are not part of it', () => {
    const command = readArguments(['get', 'http://us%40er:pa:ss@host/a'])
    expect(command).toMatchObject({
      sources: [
        {
          url: new URL('http://host/a'),
          headers: [['authorization', `Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`]],
        },
      ],
    })
  })

  it('in a header win over those in the URL', () => {
    const command = readArguments(['get', 'http://user@host/', '-H', 'Authorization: Bearer x'])
    expect(command).toMatchObject({ sources: [{ headers: [['Authorization', 'Bearer x']] }] })
  })

  it.each(['ftp://user:secret@host/', 'http://user:secret@host:port/'])(
    'are not printed with a wrong URL: %s',
    (url) => {
      const read = (): unknown => readArguments(['get', url])
      expect(read).toThrow('not a URL')
      expect(read).not.toThrow('secret')
    },
  )
})

describe('the options', () => {
  it('of docs/cli.md are those of --help', () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    const table = page.split('\n').filter((line) => line.startsWith('| `-'))
    const optionsOf = (text: string): string[] => [...new Set(text.match(/--[a-z][\w-]+/g))].sort()
    expect(optionsOf(table.join('\n'))).toEqual(optionsOf(helpText))
  })
})

describe('Node', () => {
  it.each([
    ['20.20.2', 'needs Node 22.19 or newer; this is Node 20.20.2'],
    ['22.9.0', 'needs Node 22.19 or newer; this is Node 22.9.0'],
    ['22.19.0', undefined],
    ['100.0.0', undefined],
  ])('%s', (version, complaint) => {
    expect(complaintAboutNode(version, '>=22.19')).toBe(complaint)
  })
})

describe('words', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [999_499, '999 kB'],
    [999_999, '1.0 MB'],
    [8_388_608, '8.4 MB'],
    [5e12, '5.0 TB'],
    [5e15, '5000 TB'],
  ])('for %d bytes are %s', (bytes, words) => {
    expect(bytesInWords(bytes)).toBe(words)
  })

  it.each([
    [0, '0:00'],
    [61.2, '1:02'],
    [3661, '1:01:01'],
  ])('for %d seconds are %s', (seconds, words) => {
    expect(timeInWords(seconds)).toBe(words)
  })

  it('for a URL are without its query, which may have a signature', () => {
    expect(urlInWords(new URL('https://a:1/b?signature=x#y'))).toBe('https://a:1/b')
  })

  it('for an error are one line, whatever a server sent', () => {
    expect(errorInWords(new Error('a\nb\u001B[2Jc'))).toBe('a b [2Jc')
    expect(errorInWords(Object.assign(new Error('x'), { statusCode: 404 }))).toBe(
      'the server answered 404 Not Found',
    )
    expect(errorInWords(Object.assign(new Error('x'), { statusCode: 799 }))).toBe(
      'the server answered 799',
    )
    const both = new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')])
    expect(errorInWords(both)).toBe('connect ::1, connect 127.0.0.1')
    expect(errorInWords(Object.assign(new Error(''), { code: 'ECODE' }))).toBe('ECODE')
    expect(errorInWords('text')).toBe('text')
  })
})
