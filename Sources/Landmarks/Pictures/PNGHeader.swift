import EmotionFormerFiles

/// The header chunk, checked, and the sizes that follow from it.
struct PNGHeader {
    enum Color: UInt8 {
        case gray = 0
        case rgb = 2
        case palette = 3
        case grayAlpha = 4
        case rgba = 6

        var channels: Int {
            switch self {
            case .gray, .palette: 1
            case .grayAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        var depths: [Int] {
            switch self {
            case .gray: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            case .rgb, .grayAlpha, .rgba: [8, 16]
            }
        }
    }

    /// A part of the picture whose rows stand one after the other: pixels from (x, y) on in steps.
    struct Pass {
        let x: Int
        let y: Int
        let xStep: Int
        let yStep: Int
        let width: Int
        let height: Int
    }

    let width: Int
    let height: Int
    let color: Color
    /// Bits of a sample.
    let depth: Int
    let isInterlaced: Bool

    /// - Parameter content: of the chunk IHDR.
    init(_ content: ArraySlice<UInt8>) throws(FileFormatError) {
        let place = "IHDR"
        guard content.count == 13 else {
            throw FileFormatError(
                at: place, "the header has a wrong size", found: "\(content.count) bytes", expected: "13")
        }
        let start = content.startIndex
        width = Int(PNGChunks.number(content[start..<start + 4]))
        height = Int(PNGChunks.number(content[start + 4..<start + 8]))
        let rest = Array(content.suffix(5))
        guard let color = Color(rawValue: rest[1]), color.depths.contains(Int(rest[0])) else {
            throw FileFormatError(
                at: place, "the color type and the bits of a sample do not go together",
                found: "type \(rest[1]), \(rest[0]) bits", expected: "a pair that the format has")
        }
        guard rest[2] == 0, rest[3] == 0, rest[4] <= 1 else {
            throw FileFormatError(
                .unsupportedAttribute, at: place, "compression, filter or interlacing is of an unknown kind",
                found: "\(rest[2]), \(rest[3]), \(rest[4])", expected: "0, 0, and 0 or 1")
        }
        self.color = color
        depth = Int(rest[0])
        isInterlaced = rest[4] == 1
    }

    /// Without empty ones. Interlaced pictures have seven (Adam7).
    var passes: [Pass] {
        guard isInterlaced else {
            return [Pass(x: 0, y: 0, xStep: 1, yStep: 1, width: width, height: height)]
        }
        let starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        return starts.map { x, y, xStep, yStep in
            Pass(
                x: x, y: y, xStep: xStep, yStep: yStep, width: max(0, width - x + xStep - 1) / xStep,
                height: max(0, height - y + yStep - 1) / yStep)
        }.filter { $0.width > 0 && $0.height > 0 }
    }

    /// Of a row without its filter's byte.
    func rowByteCount(_ width: Int) -> Int { (width * color.channels * depth + 7) / 8 }

    /// Of all rows with their filters' bytes. The number of pixels is checked before.
    var dataByteCount: Int { passes.reduce(0) { $0 + $1.height * (1 + rowByteCount($1.width)) } }

    /// From a byte to the one of the pixel before.
    var filterStep: Int { max(1, color.channels * depth / 8) }
}
