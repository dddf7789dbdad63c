/// CRC-64 as in ECMA-182 and xz files: polynomial 0x42F0E1EBA9EA3693, reflected, initial value and final mask all ones.
package enum CRC64 {
    private static let table: [UInt64] = (0..<256).map { byte in
        (0..<8).reduce(UInt64(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xC96C_5795_D787_0F42 : value >> 1
        }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
        let table = table
        return ~bytes.reduce(UInt64.max) { value, byte in
            value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)]
        }
    }
}
