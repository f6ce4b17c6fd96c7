// How each bundled library is configured and built. Changing a command here, or a version, makes a new cache entry.
//
// Everything is static, position-independent and hidden: Node's executable exports OpenSSL and nghttp2 symbols, and our
// code must not bind to those, nor Node's to ours.
import { join } from 'node:path'

// Frame pointers are for profilers, sections let the addon's linker drop unused code, and the rest hardens it like our
// own code (cmake/DodiciFlags.cmake).
export const compilerFlags = [
  '-O3',
  '-fPIC',
  '-fno-omit-frame-pointer',
  '-fvisibility=hidden',
  '-ffunction-sections',
  '-fdata-sections',
  '-fstack-protector-strong',
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=2',
  // C throws nothing, and no exception of ours passes it: half a megabyte of tables would be there for debuggers alone.
  '-fno-asynchronous-unwind-tables',
  '-fno-unwind-tables',
]

// For the libraries that requests pass through: the addon's linker optimizes them as one program (6 % more requests per
// second). The objects also contain native code, for other linker commands. zig's driver would link each of CMake's checks that way.
const linkTimeFlags = (target) => (target?.usesZig ? [] : ['-flto', '-ffat-lto-objects'])

/** Each recipe: `[what it does, command, arguments]` steps, run in the library's source folder. */
export const recipes = {
  openssl: ({ source, prefix, jobs, target }) => [
    [
      'configuring',
      'perl',
      [
        './Configure',
        ...(target === undefined
          ? []
          : [target.openssl, `--cross-compile-prefix=${target.tools}-`]),
        // Nothing is read from this folder: no configuration file (no-autoload-config) and no CA files (curl has none
        // by default).
        '--openssldir=/etc/ssl',
        `--prefix=${prefix}`,
        '--libdir=lib',
        ...[
          'no-shared',
          'no-tests',
          'no-apps',
          'no-docs',
          'no-legacy',
          'no-engine',
          'no-comp',
          'no-module',
        ],
        // no-atexit: process.exit() must not clean up OpenSSL while a loop thread still uses it.
        ...['no-autoload-config', 'no-atexit'],
        ...compilerFlags,
      ],
    ],
    ['building', 'make', ['-C', source, `-j${jobs}`, 'build_libs']],
    ['installing', 'make', ['-C', source, 'install_dev']],
  ],

  nghttp2: (at) =>
    cmakeSteps(
      at,
      ['ENABLE_LIB_ONLY=ON', 'ENABLE_DOC=OFF', 'BUILD_STATIC_LIBS=ON', 'BUILD_TESTING=OFF'],
      linkTimeFlags(at.target),
    ),

  nghttp3: (at) =>
    cmakeSteps(at, [
      'ENABLE_LIB_ONLY=ON',
      'ENABLE_STATIC_LIB=ON',
      'ENABLE_SHARED_LIB=OFF',
      'BUILD_TESTING=OFF',
    ]),

  ngtcp2: (at) =>
    cmakeSteps(at, [
      ...[
        'ENABLE_LIB_ONLY=ON',
        'ENABLE_STATIC_LIB=ON',
        'ENABLE_SHARED_LIB=OFF',
        'BUILD_TESTING=OFF',
      ],
      ...['ENABLE_OPENSSL=ON', `OPENSSL_ROOT_DIR=${at.prefix}`, 'OPENSSL_USE_STATIC_LIBS=ON'],
    ]),

  zlib: ({ source, prefix, jobs, target }) => [
    [
      'configuring',
      'env',
      [
        '-C',
        source,
        `CFLAGS=${compilerFlags.join(' ')} -DNDEBUG`,
        // From this it takes the names of the compiler, ar and ranlib.
        ...(target === undefined ? [] : [`CHOST=${target.tools}`]),
        './configure',
        '--static',
        `--prefix=${prefix}`,
      ],
    ],
    ['building', 'make', ['-C', source, `-j${jobs}`, 'libz.a']],
    ['installing', 'make', ['-C', source, 'install']],
  ],

  // Its encoder would take as long as all the rest here.
  brotli: (at) => {
    const [configuring] = cmakeSteps(at, ['BROTLI_DISABLE_TESTS=ON', 'BROTLI_BUILD_TOOLS=OFF'])
    const build = buildFolder(at.source)
    const archives = ['libbrotlidec.a', 'libbrotlicommon.a'].map((name) => join(build, name))
    return [
      configuring,
      ['building', 'cmake', ['--build', build, `-j${at.jobs}`, '--target', 'brotlidec']],
      ['installing', 'cp', ['-t', join(at.prefix, 'lib'), ...archives]],
      [
        'installing headers',
        'cp',
        ['-r', '-t', join(at.prefix, 'include'), join(at.source, 'c', 'include', 'brotli')],
      ],
    ]
  },

  zstd: (at) =>
    cmakeSteps(
      { ...at, source: join(at.source, 'build', 'cmake') },
      [
        ...['ZSTD_BUILD_PROGRAMS=OFF', 'ZSTD_BUILD_TESTS=OFF', 'ZSTD_BUILD_SHARED=OFF'],
        ...['ZSTD_BUILD_COMPRESSION=OFF', 'ZSTD_BUILD_DICTBUILDER=OFF'],
        ...['ZSTD_BUILD_DEPRECATED=OFF', 'ZSTD_LEGACY_SUPPORT=OFF', 'ZSTD_MULTITHREAD_SUPPORT=OFF'],
      ],
      // Its tracing calls what the process that loads us may have under that name.
      ['-DZSTD_TRACE=0'],
    ),

  curl: (at) =>
    cmakeSteps(
      at,
      [
        ...[
          'BUILD_CURL_EXE=OFF',
          'BUILD_STATIC_LIBS=ON',
          'BUILD_TESTING=OFF',
          'BUILD_EXAMPLES=OFF',
        ],
        ...['BUILD_LIBCURL_DOCS=OFF', 'BUILD_MISC_DOCS=OFF', 'ENABLE_CURL_MANUAL=OFF'],
        ...[
          'HTTP_ONLY=ON',
          'ENABLE_IPV6=ON',
          'ENABLE_UNIX_SOCKETS=ON',
          'ENABLE_THREADED_RESOLVER=ON',
        ],
        ...['CURL_USE_OPENSSL=ON', `OPENSSL_ROOT_DIR=${at.prefix}`, 'OPENSSL_USE_STATIC_LIBS=ON'],
        ...[
          'CURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG=ON',
          'USE_NGHTTP2=ON',
          `USE_NGTCP2=${at.http3 ? 'ON' : 'OFF'}`,
        ],
        // The roots are Node's, and are passed in with each TLS configuration.
        ...['CURL_CA_BUNDLE=none', 'CURL_CA_PATH=none'],
        // Features that undici does not have, or that lib/ implements itself.
        ...[
          'CURL_USE_LIBPSL=OFF',
          'USE_LIBIDN2=OFF',
          'CURL_USE_LIBSSH2=OFF',
          'CURL_DISABLE_LDAP=ON',
        ],
        ...['CURL_ZLIB=OFF', 'CURL_BROTLI=OFF', 'CURL_ZSTD=OFF', 'CURL_DISABLE_WEBSOCKETS=ON'],
        ...[
          'CURL_DISABLE_COOKIES=ON',
          'CURL_DISABLE_HSTS=ON',
          'CURL_DISABLE_NETRC=ON',
          'CURL_DISABLE_DOH=ON',
        ],
        // Messages for a terminal or a log, which libcurl would compute for each request even if nobody reads them.
        ...['CURL_DISABLE_VERBOSE_STRINGS=ON', 'CURL_DISABLE_PROGRESS_METER=ON'],
        ...['CURL_DISABLE_MIME=ON', 'CURL_DISABLE_FORM_API=ON', 'CURL_DISABLE_AWS=ON'],
      ],
      linkTimeFlags(at.target),
    ),
}

/** All commands as text, without this machine's paths, for the cache key. */
export function describeRecipes(target) {
  const described = target && { ...target, toolchain: 'TOOLCHAIN', tools: target.triplet }
  const at = { source: 'SOURCE', prefix: 'PREFIX', jobs: 1, http3: true, target: described }
  return JSON.stringify(Object.entries(recipes).map(([name, recipe]) => [name, recipe(at)]))
}

function buildFolder(source) {
  return join(source, 'build-dodici')
}

function cmakeSteps({ source, prefix, jobs, target }, definitions, moreFlags = []) {
  const build = buildFolder(source)
  return [
    [
      'configuring',
      'cmake',
      [
        ...[
          '-S',
          source,
          '-B',
          build,
          `-DCMAKE_INSTALL_PREFIX=${prefix}`,
          `-DCMAKE_PREFIX_PATH=${prefix}`,
          ...(target === undefined ? [] : [`-DCMAKE_TOOLCHAIN_FILE=${target.toolchain}`]),
        ],
        ...[
          '-DCMAKE_INSTALL_LIBDIR=lib',
          '-DBUILD_SHARED_LIBS=OFF',
          '-DCMAKE_POSITION_INDEPENDENT_CODE=ON',
        ],
        // No build type, because its flags would come after ours and change the optimization level.
        ...[
          '-DCMAKE_BUILD_TYPE=None',
          `-DCMAKE_C_FLAGS=${[...compilerFlags, ...moreFlags].join(' ')} -DNDEBUG`,
        ],
        ...definitions.map((definition) => `-D${definition}`),
      ],
    ],
    ['building', 'cmake', ['--build', build, `-j${jobs}`]],
    ['installing', 'cmake', ['--install', build]],
  ]
}
