// Turns NativeDownloadOptions of lib/native/download-contract.ts into DownloadOptions, and a download's progress and
// result into calls of its OnDownloadNews.
//
// Threads: the env's JS thread.
#pragma once

#include <dodici/download.h>

#include <napi.h>

#include <string>

namespace dodici {

void progressToJs(napi_env env, napi_value onNews, const DownloadProgress& progress);

// Takes the bytes out of the result.
void resultToJs(napi_env env, napi_value onNews, DownloadResult& result);

// Sets `complaint` to the message of a TypeError, or leaves it empty if all is well.
DownloadOptions downloadFromJs(Napi::Value value, std::string& complaint);

}  // namespace dodici
