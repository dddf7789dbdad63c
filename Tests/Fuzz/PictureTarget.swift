import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerLandmarks

extension FuzzTarget {
    /// PNG, PPM and PGM: what was read, written as PPM and read again, is the same picture. A PNG's checksums are made true
    /// after most changes.
    static let picture = FuzzTarget(
        name: "picture",
        run: { bytes in
            let found: Picture
            do throws(Fault) {
                found = try Fault.reading(.invalidValue, try Picture(bytes))
            } catch {
                error.checkForm()
                return false
            }
            guard found.bytes.count == found.width * found.height * 3 else {
                finding("picture: \(found.bytes.count) bytes for \(found.width) × \(found.height)")
            }
            let written = Array("P6\n\(found.width) \(found.height)\n255\n".utf8) + found.bytes
            guard let again = try? Picture(written), again == found else {
                finding("picture: another one after writing and reading it")
            }
            return true
        },
        mutate: { bytes, maximum, random in
            mutateBytes(&bytes, maximum: maximum)
            if random.chance(0.8) { sealChunks(&bytes) }
        })

    /// Puts true checksums behind a PNG's chunks, as far as they can be told apart.
    private static func sealChunks(_ bytes: inout [UInt8]) {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return }
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 12 else { return }
            let end = start + 8 + length
            let checksum = CRC32.checksum(bytes[start + 4..<end])
            for byte in 0..<4 { bytes[end + byte] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32(byte))) }
            start = end + 4
        }
    }
}
