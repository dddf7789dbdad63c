import EmotionFormerCore
import EmotionFormerFiles
import Foundation
import Testing

@testable import EmotionFormerLandmarks

/// Pictures of every kind against what Pillow reads from them (`Tools/make-fixtures pictures`).
@Suite("Pictures")
struct PictureTests {
    private struct Golden: Decodable {
        let width: Int
        let height: Int
        let pixels: Data
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/pictures")

    private static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    private static func goldens() throws -> [String: Golden] {
        try JSONDecoder().decode(
            [String: Golden].self, from: Data(contentsOf: folder.appendingPathComponent("index.json")))
    }

    @Test("Every color type, depth and order of rows is read as Pillow reads it")
    func pixels() throws {
        let goldens = try PictureTests.goldens()
        #expect(goldens.count >= 40)
        for (name, golden) in goldens {
            let picture = try Picture(PictureTests.bytes(name))
            #expect(picture.width == golden.width && picture.height == golden.height, "\(name)")
            #expect(picture.bytes == [UInt8](golden.pixels), "\(name)")
        }
    }

    @Test("A file is read by its content, whatever its name; an image frame has the same pixels")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pictures-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("photo.jpg")
        try Data(PictureTests.bytes("rgb8.png")).write(to: file)
        let frame = try ImageFrame(contentsOf: file)
        let golden = try #require(PictureTests.goldens()["rgb8.png"])
        #expect(frame.bytes == [UInt8](golden.pixels) && frame.format == .rgb && frame.width == golden.width)
        #expect(throws: (any Error).self) { try ImageFrame(contentsOf: folder.appendingPathComponent("none.png")) }
        #expect(throws: (any Error).self) { try ImageFrame(contentsOf: folder) }
    }

    /// The line that a file is refused with; nil if it is read.
    private func refusal(_ bytes: [UInt8]) -> String? {
        do throws(FileFormatError) {
            _ = try Picture(bytes)
            return nil
        } catch {
            let line = error.fault(malformed: .invalidValue).description
            #expect(!line.utf8.contains(0x0A) && line.utf8.count < 400)
            return line
        }
    }

    @Test("Every file that is cut short is refused in one line")
    func cut() throws {
        for name in ["rgb8-interlaced.png", "palette4-transparent.png", "gray1.png", "comments.ppm", "deep.ppm"] {
            let bytes = try PictureTests.bytes(name)
            for count in 0..<bytes.count { #expect(refusal(Array(bytes[..<count])) != nil, "\(name), \(count) bytes") }
        }
    }

    @Test("A bit that is changed anywhere in a PNG is found by its checksums")
    func changed() throws {
        let bytes = try PictureTests.bytes("gray4-interlaced.png")
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            #expect(refusal(changed) != nil, "byte \(index)")
        }
    }

    private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> UInt32(24 - 8 * $0) & 0xFF) } }
        let named = Array(name.utf8) + content
        return word(UInt32(content.count)) + named + word(CRC32.checksum(named))
    }

    private func header(_ width: UInt32, _ height: UInt32, _ rest: [UInt8] = [8, 2, 0, 0, 0]) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> UInt32(24 - 8 * $0) & 0xFF) } }
        return chunk("IHDR", word(width) + word(height) + rest)
    }

    @Test("Sizes are limited before memory is taken; sides of 0 and impossible headers are refused with what was found")
    func sizes() throws {
        let data = chunk("IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01])
        let end = chunk("IEND", [])
        let start = PNGFile.signature
        let pictures: [([[UInt8]], String)] = [
            ([start, header(0, 5), data, end], "0 × 5"), ([start, header(5, 0), data, end], "5 × 0"),
            ([start, header(0xFFFF_FFFF, 0xFFFF_FFFF), data, end], "4294967295"),
            ([start, header(8000, 8000), data, end], "too short for the picture"),
            ([start, header(8193, 8192), data, end], "too large"),
            ([start, header(4, 4, [3, 2, 0, 0, 0]), data, end], "type 2, 3 bits"),
            ([start, header(4, 4, [8, 5, 0, 0, 0]), data, end], "type 5"),
            ([start, header(4, 4, [8, 2, 1, 0, 0]), data, end], "1, 0, 0"),
            ([start, header(4, 4, [8, 2, 0, 0, 2]), data, end], "0, 0, 2"),
            ([start, header(4, 4, [8, 3, 0, 0, 0]), data, end], "palette"),
            ([start, header(4, 4), end], "no data chunk"), ([start, header(4, 4), data], "before its last chunk"),
            ([start, data, end], "not the header"), ([start, header(4, 4), header(4, 4)], "second header"),
            ([start, header(4, 4), chunk("ABCD", []), data, end], "ABCD"),
            ([start, header(4, 4), data, chunk("tEXt", []), data, end], "follow each other"),
            ([start, header(4, 4), chunk("PLTE", [1, 2]), data, end], "2 bytes"),
        ]
        let maps: [([UInt8], String)] = [
            (Array("P6 0 5 255 ".utf8), "0 × 5"), (Array("P6 70000 70000 255 ".utf8), "too large"),
            (Array("P6 99999999999 5 255 ".utf8), "width is too large"), (Array("P6 2 2 65536 ".utf8), "65536"),
            (Array("P6 2 2 0 ".utf8), "out of range"), (Array("P6 2 x 255 ".utf8), "height is not a number"),
            (Array("P6 -2 2 255 ".utf8), "width is not a number"), (Array("P6 1 1 255 123456".utf8), "bytes follow"),
            (Array("P5 1 1 7 9".utf8), "larger than the header allows"), (Array("P3 1 1 255 1 2 3".utf8), "plain text"),
            (Array("P4 8 1 x".utf8), "PBM"), ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"), ([], "no bytes"),
            (Array("GIF89a".utf8), "GIF"), (Array("hello".utf8), "not a picture"),
        ]
        for (bytes, words) in pictures.map({ (Array($0.0.joined()), $0.1) }) + maps {
            let line = try #require(refusal(bytes), "\(words)")
            #expect(line.contains(words), "\(line)")
        }
    }

    @Test("A header that arrives byte by byte is read once it is there as a whole")
    func headers() throws {
        let text = Array("P6 # a\n 640\n360 255\n".utf8)
        for count in 0..<text.count { #expect(try PortableMap.header(text[..<count]) == nil, "\(count)") }
        let header = try #require(try PortableMap.header((text + [1, 2, 3])[...]))
        #expect(header.width == 640 && header.height == 360 && header.byteCount == text.count)
        #expect(header.sampleBytes == 640 * 360 * 3)
    }

    @Test("Formats are told by their first bytes")
    func formats() {
        #expect(PictureFormat(PNGFile.signature) == .png)
        #expect(PictureFormat(Array("P5 ".utf8)) == .portableMap)
        #expect(PictureFormat(Array("Pixel".utf8)) == nil)
        #expect(PictureFormat(Array("RIFF....WEBP".utf8)) == .other("WebP"))
        #expect(PictureFormat(Array("RIFF....AVI ".utf8)) == nil)
        #expect(PictureFormat([]) == nil)
    }
}
