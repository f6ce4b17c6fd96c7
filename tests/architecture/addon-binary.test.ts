// Node's own executable exports OpenSSL, nghttp2, zlib and more. Our code must not bind to these, nor Node's to ours.
import { describe, expect, it } from 'vitest'
import { inRoot, output } from './support.ts'

const addon = process.env['DODICI_ADDON'] ?? inRoot('build/dev/dodici.node')

const isOfMusl = output('readelf', '--wide', '--dynamic', addon).includes('[libc.so]')

interface Symbol {
  readonly name: string
  readonly defined: boolean
}

// Num: Value Size Type Bind Vis Ndx Name@Version
const symbols: Symbol[] = output('readelf', '--wide', '--dyn-syms', addon)
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
  .filter((columns) => /^\d+:$/.test(columns[0] ?? '') && columns[7] !== undefined)
  // The sections of a file for arm64, which nobody can bind to.
  .filter((columns) => columns[4] !== 'LOCAL')
  .map((columns) => ({ name: columns[7]?.split('@')[0] ?? '', defined: columns[6] !== 'UND' }))

describe('dodici.node', () => {
  it('exports the two functions that Node asks for, and nothing else', () => {
    const exported = symbols.filter(({ defined }) => defined).map(({ name }) => name)
    expect(exported.toSorted()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ])
  })

  it('brings its own libraries', () => {
    const foreign =
      /^(SSL_|EVP_|CRYPTO_|OPENSSL_|OSSL_|ERR_|BIO_|X509_|nghttp2_|nghttp3_|ngtcp2_|ares_|curl_|inflate|deflate|Brotli|ZSTD_|_ZN2v8|_ZN4node)/
    expect(symbols.filter(({ name, defined }) => !defined && foreign.test(name))).toEqual([])
  })

  it('takes only Node-API functions from Node', () => {
    const undefinedNames = symbols.filter(({ defined }) => !defined).map(({ name }) => name)
    expect(undefinedNames.filter((name) => name.startsWith('uv_'))).toEqual([])
    expect(undefinedNames.filter((name) => name.startsWith('napi_')).length).toBeGreaterThan(0)
    // C++ of another standard library than ours: exceptions and strings must not cross.
    expect(undefinedNames.filter((name) => name.startsWith('_Z'))).toEqual([])
  })

  it('needs nothing but libc', () => {
    const needed = [
      ...output('readelf', '--wide', '--dynamic', addon).matchAll(/NEEDED.*\[(.+)\]/g),
    ].map(([, library = '']) => library)
    expect(
      needed.filter(
        (library) =>
          !/^((libc|libm|libdl|libpthread|ld-linux-.*)\.so\.\d+|libc\.so)$/.test(library),
      ),
    ).toEqual([])
  })

  it('is hardened: relocations read-only and bound at once, no executable stack', () => {
    const dynamic = output('readelf', '--wide', '--dynamic', addon)
    const segments = output('readelf', '--wide', '--segments', addon)
    expect(dynamic).toMatch(/BIND_NOW/)
    expect(segments).toMatch(/GNU_RELRO/)
    expect(segments).toMatch(/GNU_STACK .* RW /)
  })

  it('checks stacks and buffers at run time, the bundled libraries too', () => {
    const names = symbols.filter(({ defined }) => !defined).map(({ name }) => name)
    expect(names).toContain('__stack_chk_fail')
    // memcpy is C's, and C is theirs; OpenSSL wipes keys with explicit_bzero. musl has no such functions.
    const checked = names.filter((name) => name.endsWith('_chk'))
    expect(checked).toEqual(
      isOfMusl ? [] : expect.arrayContaining(['__memcpy_chk', '__explicit_bzero_chk']),
    )
  })
})
