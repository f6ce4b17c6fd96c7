export * from './exports.ts'
// Allows `import undici from 'dodici'`, as undici does.
export * as default from './exports.ts'
