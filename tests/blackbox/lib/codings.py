"""Content codings taken off again: gzip by zlib, brotli by the library that the service is linked with."""

import ctypes
import zlib

NEEDS_MORE_INPUT, NEEDS_MORE_OUTPUT = 2, 3


class Gzip:
    def __init__(self):
        self.decoder = zlib.decompressobj(31)

    def add(self, coded):
        return self.decoder.decompress(coded)

    @property
    def is_over(self):
        return self.decoder.eof and not self.decoder.unused_data


class Brotli:
    def __init__(self):
        self.library = ctypes.CDLL("libbrotlidec.so.1")
        self.library.BrotliDecoderCreateInstance.restype = ctypes.c_void_p
        self.state = ctypes.c_void_p(self.library.BrotliDecoderCreateInstance(None, None, None))
        self.left_bytes = 0

    def add(self, coded):
        room = ctypes.create_string_buffer(65536)
        at, left = ctypes.c_char_p(coded), ctypes.c_size_t(len(coded))
        plain = b""
        while True:
            to, free = ctypes.c_void_p(ctypes.addressof(room)), ctypes.c_size_t(len(room))
            result = self.library.BrotliDecoderDecompressStream(
                self.state, ctypes.byref(left), ctypes.byref(at), ctypes.byref(free), ctypes.byref(to), None)
            assert result != 0, "that is no brotli"
            plain += room.raw[:len(room) - free.value]
            if result != NEEDS_MORE_OUTPUT:
                self.left_bytes = left.value
                return plain

    @property
    def is_over(self):
        return bool(self.library.BrotliDecoderIsFinished(self.state)) and self.left_bytes == 0

    def __del__(self):
        self.library.BrotliDecoderDestroyInstance(self.state)


DECODERS = {"gzip": Gzip, "br": Brotli}


def decoded(response):
    """The whole body of a response, without the coding that it names."""
    coding = response.header("content-encoding")
    if coding is None:
        return response.body
    decoder = DECODERS[coding]()
    plain = decoder.add(response.body)
    assert decoder.is_over, f"{coding} ends early, or something stands behind it"
    return plain
