// Which layers may use which others. Mostly about what must be absent, which no compiler checks.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findings, inRoot, projectFiles, read, withoutComments } from './support.ts'

const core = projectFiles(/^core\/.*\.(h|cpp)$/)
const addon = projectFiles(/^addon\/.*\.(h|cpp)$/)
const lib = projectFiles(/^lib\/.*\.ts$/)

describe('core/', () => {
  it('exists', () => {
    expect(core.length).toBeGreaterThan(0)
  })

  it('knows neither Node nor JavaScript', () => {
    expect(
      findings(core, /#include\s*[<"](napi|node|node_api|js_native_api|uv|v8)\b[\w-]*\.h/),
    ).toEqual([])
  })

  it('includes libcurl and OpenSSL in src/curl/ only', () => {
    const others = core.filter((file) => !file.startsWith('core/src/curl/'))
    expect(
      findings(
        others,
        /#include\s*(<(curl|openssl|nghttp2|nghttp3|ngtcp2)\/|"(curl\/curl\.h|openssl\/))/,
      ),
    ).toEqual([])
  })

  it('speaks libcurl’s codes, flags and functions in src/curl/ only', () => {
    const others = core.filter((file) => !file.startsWith('core/src/curl/'))
    expect(
      findings(others, /\bCURL[A-Z]*_|\bCURL(code|M)?\b|\bcurl_\w+\b(?!\.h)/, withoutComments),
    ).toEqual([])
  })

  it('shows none of its own sources, Asio or libcurl in its public headers', () => {
    const headers = core.filter((file) => file.startsWith('core/include/'))
    const allowed = /#include\s*(<[a-z_0-9]+>|[<"]dodici\/[a-z_]+\.h[>"])/
    expect(findings(headers, /#include/).filter((found) => !allowed.test(found))).toEqual([])
  })

  it('leaves to core/src/platform/linux what only Linux has', () => {
    const others = core.filter((file) => !file.startsWith('core/src/platform/'))
    expect(
      findings(
        others,
        /<sys\/(epoll|eventfd|timerfd|prctl)\.h>|<linux\/|\b(E?POLLRDHUP|EPOLL\w+|SOCK_(CLOEXEC|NONBLOCK)|TCP_INFO|accept4|fdatasync|pipe2|fallocate|pthread_setname_np|__(wrap|real)_\w+)\b(?!")/,
        withoutComments,
      ),
    ).toEqual([])
  })

  it('has one class of a name, because the linker would take one for the other', () => {
    const files = new Map<string, string[]>()
    for (const file of [...core, ...addon]) {
      // What is within a class or an unnamed namespace of a source file is another matter.
      if (!file.endsWith('.h')) continue
      for (const [, name = ''] of read(file).matchAll(
        /^(?:class|struct) (\w+)(?: final)?(?: :[^;{]*)?\s*\{/gm,
      ))
        files.set(name, [...(files.get(name) ?? []), file])
    }
    expect(files.size).toBeGreaterThan(50)
    expect([...files].filter(([, places]) => places.length > 1)).toEqual([])
  })

  it('turns libcurl’s codes into errors in curl_error.cpp only', () => {
    const others = core.filter((file) => file !== 'core/src/curl/curl_error.cpp')
    expect(findings(others, /\bcase CURL(E|M)_/, withoutComments)).toEqual([])
  })
})

describe('addon/', () => {
  it('includes Node-API, the standard library, itself and <dodici/…> of core, nothing else', () => {
    const allowed =
      /#include\s*<([a-z_0-9]+|napi\.h|node_api\.h|js_native_api\.h|dodici\/[a-z_]+\.h)>/
    // What it says to the dynamic linker.
    const platform = /^addon\/platform\/.*#include\s*<(dlfcn|link)\.h>/
    const own = (found: string): boolean => {
      const [, file = '', name = ''] = /^([^:]+):\d+: #include\s*"([^"]+)"/.exec(found) ?? []
      const places = [join(dirname(file), name), join('addon', name)]
      return (
        name !== '' &&
        (name.startsWith('dodici/') || places.some((place) => existsSync(inRoot(place))))
      )
    }
    const wrong = findings(addon, /#include/).filter(
      (found) => !allowed.test(found) && !own(found) && !platform.test(found),
    )
    expect(wrong).toEqual([])
  })
})

describe('memory', () => {
  // The finalizer of an external buffer takes a raw pointer; everything else has an owner.
  const rawPointers = new Set(['addon/marshal/batch_to_js.cpp'])

  it('is allocated by hand only where Node-API takes a raw pointer', () => {
    const others = [...core, ...addon].filter((file) => !rawPointers.has(file))
    expect(
      findings(others, /\bnew\s+[A-Za-z_:(]|\bdelete\b(\[\])?\s+[^;\s]/, withoutComments),
    ).toEqual([])
  })
})

describe('lib/', () => {
  it('finds and loads the addon in three files of native/', () => {
    const others = lib.filter(
      (file) => !/^lib\/native\/(load|find-addon|addon-packages)\.ts$/.test(file),
    )
    expect(findings(others, /\bdlopen\b|\bcreateRequire\b|\.node['"`]/, withoutComments)).toEqual(
      [],
    )
  })

  it('states the version of package.json, and the platforms that packages are made for', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    expect(read('lib/native/version.ts')).toContain(`export const version = '${version}'`)
    expect(read('CMakeLists.txt')).toContain(`project(dodici VERSION ${version} `)
    const { platforms } = (await import(
      new URL('../../scripts/package/platforms.mjs', import.meta.url).href
    )) as { platforms: Record<string, { made?: boolean }> }
    const known = [...read('lib/native/addon-packages.ts').matchAll(/require\('@dodici\/(.+?)'\)/g)]
    expect(known.map(([, name]) => name)).toEqual(
      Object.keys(platforms).filter((name) => platforms[name]?.made),
    )
  })

  it('imports undici, except for types, only in compat/undici.ts and undici-exports.ts', () => {
    const others = lib.filter((file) => !/^lib\/compat\/undici(-exports)?\.ts$/.test(file))
    const values = /(?<!import type (\{[^}]*\}|\* as \w+) )\bfrom ['"]undici\b|\bimport\(['"]undici/
    expect(findings(others, values, withoutComments)).toEqual([])
  })

  it('keeps the wire contract free of code', () => {
    const contract = withoutComments(read('lib/native/contract.ts'))
    expect(contract).not.toMatch(/\bfunction\b|^import (?!type)/m)
  })
})
