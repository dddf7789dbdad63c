import EmotionFormerFiles
import Testing

@testable import EmotionFormerLandmarks

@Suite("A part of a picture as a network's input")
struct CropTests {
    /// The floats are the bytes themselves.
    private static let plain = ByteValues { Float($0) }

    private func crop(
        _ image: ImageFrame, _ map: CropMap, side: Int, border: CropSampler.Border
    ) throws -> [UInt8] {
        var output = [Float](repeating: -1, count: side * side * 3)
        try image.bytes.withUnsafeBytes { bytes in
            let view = try PixelView(
                bytes, format: image.format, width: image.width, height: image.height, bytesPerRow: image.bytesPerRow)
            output.withUnsafeMutableBufferPointer { output in
                CropSampler(view, border: border, values: CropTests.plain.values).fill(
                    output.baseAddress.unsafelyUnwrapped, side: side, map)
            }
        }
        return output.map { UInt8($0) }
    }

    private func digest(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalValue
    }

    @Test("Corners and maps equal OpenCV's to the bit", arguments: Golden.clips)
    func maps(clip: String) throws {
        let golden = try Golden.clip(clip)
        for frame in golden.frames {
            let corners = CropCorners(FaceRectangle(frame.rect), width: golden.width, height: golden.height)
            let found = [corners.bottomLeft, corners.topLeft, corners.topRight, corners.bottomRight]
            #expect(found.flatMap { [$0.x, $0.y] } == frame.corners)
            let map = CropMap(corners, side: 256)
            #expect(
                [map.m00, map.m01, map.m02, map.m10, map.m11, map.m12, map.m20, map.m21, map.m22] == frame.map)
        }
    }

    @Test("The mesh's input equals MediaPipe's byte by byte; with another border or half a pixel's shift it does not")
    func meshInput() throws {
        let golden = try Golden.clip("ANG")
        for number in [0, 1, 2, 3, 4, 8, 9] {
            let frame = golden.frames[number]
            let image = try Golden.frame(number)
            let rectangle = FaceRectangle(frame.rect)
            let map = CropMap(CropCorners(rectangle, width: 480, height: 360), side: 256)
            #expect(digest(try crop(image, map, side: 256, border: .edge)) == frame.cropSha256)
            var shifted = rectangle
            shifted.x += 0.5 / 480
            let wrong = CropMap(CropCorners(shifted, width: 480, height: 360), side: 256)
            #expect(digest(try crop(image, wrong, side: 256, border: .edge)) != frame.cropSha256)
        }
    }

    @Test("The detector's input equals MediaPipe's byte by byte; with another border it does not")
    func detectorInput() throws {
        let expected = try #require(try Golden.clip("ANG").frames[0].detector).cropSha256
        let image = try Golden.frame(0)
        let map = CropMap(CropCorners(aroundWidth: 480, height: 360), side: 128)
        #expect(digest(try crop(image, map, side: 128, border: .black)) == expected)
        #expect(digest(try crop(image, map, side: 128, border: .edge)) != expected)
    }

    @Test("Pictures of other formats, and rows with bytes between, give the same input")
    func formats() throws {
        let image = try Golden.frame(0)
        let pixels = stride(from: 0, to: image.bytes.count, by: 3).map { Array(image.bytes[$0..<$0 + 3]) }
        // It reaches beyond all four sides.
        let map = CropMap(
            CropCorners(
                FaceRectangle(x: 0.5, y: 0.4, width: 1.3, height: 1.2, rotation: 0.4), width: 480, height: 360),
            side: 256)
        for border in [CropSampler.Border.edge, .black] {
            let expected = try crop(image, map, side: 256, border: border)
            let rgba = try ImageFrame(format: .rgba, width: 480, height: 360, bytes: pixels.flatMap { $0 + [77] })
            #expect(try crop(rgba, map, side: 256, border: border) == expected)
            let bgra = try ImageFrame(
                format: .bgra, width: 480, height: 360, bytes: pixels.flatMap { [$0[2], $0[1], $0[0], 9] })
            #expect(try crop(bgra, map, side: 256, border: border) == expected)
            var padded: [UInt8] = []
            for row in 0..<360 {
                padded += image.bytes[row * 1440..<(row + 1) * 1440]
                if row < 359 { padded += [UInt8](repeating: 200, count: 11) }
            }
            let rows = try ImageFrame(format: .rgb, width: 480, height: 360, bytesPerRow: 1451, bytes: padded)
            #expect(try crop(rows, map, side: 256, border: border) == expected)
            let gray = try ImageFrame(format: .gray, width: 480, height: 360, bytes: pixels.map { $0[1] })
            let found = try crop(gray, map, side: 256, border: border)
            for channel in 0..<3 {
                #expect(
                    stride(from: channel, to: found.count, by: 3).map { found[$0] }
                        == stride(from: 1, to: found.count, by: 3).map { expected[$0] })
            }
        }
    }

    @Test("A picture of one pixel, and a rectangle far from the picture, are read within it")
    func small() throws {
        for format in ImageFrame.Format.allCases {
            let pixel = [UInt8](repeating: 90, count: format.bytesPerPixel)
            let image = try ImageFrame(format: format, width: 1, height: 1, bytes: pixel)
            for rectangle in [
                FaceRectangle(x: 0.5, y: 0.5, width: 1, height: 1),
                FaceRectangle(x: 1e6, y: -1e6, width: 1e3, height: 1e-3, rotation: 3),
                FaceRectangle(x: 1e30, y: 0, width: 1e30, height: 1e30),
            ] {
                let map = CropMap(CropCorners(rectangle, width: 1, height: 1), side: 128)
                #expect(try crop(image, map, side: 128, border: .edge).allSatisfy { $0 == 90 })
            }
        }
    }

    @Test("The floats of bytes: one multiplication, or one multiplication and addition in one step")
    func values() {
        for byte in 0...255 {
            #expect(ByteValues.mesh.values[byte] == Float(byte) * Float(1.0 / 255))
            // In double nothing is rounded before the end.
            #expect(ByteValues.detector.values[byte] == Float(Double(byte) * Double(Float(2) / 255) - 1))
        }
    }
}
