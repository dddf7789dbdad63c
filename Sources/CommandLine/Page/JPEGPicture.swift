/// Writes a small picture as baseline JPEG (ITU-T T.81) with the tables of its annex K: for the pictures in a page.
struct JPEGPicture {
    private let width: Int
    private let height: Int
    /// Luminance, and the two colors at half the size; whole blocks of 8 × 8.
    private let planes: [Plane]

    private struct Plane {
        let width: Int
        let height: Int
        var values: [Float]

        /// - Parameters:
        ///   - width, height: rounded up to whole blocks.
        init(_ width: Int, _ height: Int) {
            self.width = width
            self.height = height
            values = [Float](repeating: 0, count: width * height)
        }
    }

    /// - Parameters:
    ///   - pixels: height × width × 3 bytes: red, green, blue.
    ///   - longestSide: of the picture that is written; a larger one is made smaller.
    init(_ pixels: [UInt8], width: Int, height: Int, longestSide: Int) {
        let scale = min(1, Double(longestSide) / Double(max(width, height)))
        self.width = max(1, Int(Double(width) * scale))
        self.height = max(1, Int(Double(height) * scale))
        let (columns, rows) = (JPEGPicture.roundedUp(self.width), JPEGPicture.roundedUp(self.height))
        var (light, blue, red) = (Plane(columns, rows), Plane(columns / 2, rows / 2), Plane(columns / 2, rows / 2))
        for y in 0..<rows {
            for x in 0..<columns {
                // Beyond the edges, the edge.
                let color = JPEGPicture.average(
                    pixels, width, height, column: min(x, self.width - 1), of: self.width, row: min(y, self.height - 1),
                    of: self.height)
                light.values[y * columns + x] = 0.299 * color.x + 0.587 * color.y + 0.114 * color.z - 128
                let place = y / 2 * (columns / 2) + x / 2
                blue.values[place] += (-0.168_736 * color.x - 0.331_264 * color.y + 0.5 * color.z) / 4
                red.values[place] += (0.5 * color.x - 0.418_688 * color.y - 0.081_312 * color.z) / 4
            }
        }
        planes = [light, blue, red]
    }

    /// Four blocks of luminance make a unit.
    private static func roundedUp(_ side: Int) -> Int { (side + 15) / 16 * 16 }

    /// The mean color of what becomes one pixel.
    private static func average(
        _ pixels: [UInt8], _ width: Int, _ height: Int, column: Int, of columns: Int, row: Int, of rows: Int
    ) -> SIMD3<Float> {
        let (left, top) = (column * width / columns, row * height / rows)
        let right = max(left + 1, (column + 1) * width / columns)
        let bottom = max(top + 1, (row + 1) * height / rows)
        var sum = SIMD3<Float>()
        for y in top..<bottom {
            for x in left..<right {
                let place = (y * width + x) * 3
                sum += SIMD3(Float(pixels[place]), Float(pixels[place + 1]), Float(pixels[place + 2]))
            }
        }
        return sum / Float((right - left) * (bottom - top))
    }

    /// The bytes of the file.
    var bytes: [UInt8] {
        var file: [UInt8] = [0xFF, 0xD8]
        func segment(_ marker: UInt8, _ content: [UInt8]) {
            file += [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
        }
        segment(0xE0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
        let quantizers = [JPEGTables.light, JPEGTables.color]
        for (index, table) in quantizers.enumerated() {
            segment(0xDB, [UInt8(index)] + JPEGTables.zigzag.map { table[$0] })
        }
        let size = [UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF)]
        segment(0xC0, [8] + size + [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
        let codes = [JPEGTables.lightCodes, JPEGTables.colorCodes]
        for (index, pair) in codes.enumerated() {
            segment(0xC4, [UInt8(index)] + pair.direct.counts + pair.direct.symbols)
            segment(0xC4, [0x10 | UInt8(index)] + pair.other.counts + pair.other.symbols)
        }
        segment(0xDA, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
        var writer = BitWriter()
        var last = [0, 0, 0]
        for unitRow in 0..<planes[0].height / 16 {
            for unit in 0..<planes[0].width / 16 {
                for (plane, blocks) in [(0, 2), (1, 1), (2, 1)] {
                    let table = min(plane, 1)
                    for block in 0..<blocks * blocks {
                        let (x, y) = ((unit * blocks + block % blocks) * 8, (unitRow * blocks + block / blocks) * 8)
                        let numbers = JPEGPicture.quantized(planes[plane], x, y, quantizers[table])
                        writer.write(numbers, after: &last[plane], codes[table])
                    }
                }
            }
        }
        return file + writer.finished() + [0xFF, 0xD9]
    }

    private static let cosines: [Float] = (0..<64).map { index in
        let (frequency, place) = (index / 8, index % 8)
        let scale = frequency == 0 ? 0.125.squareRoot() : 0.5
        return Float(scale * cosine(Double((2 * place + 1) * frequency)))
    }

    /// cos(sixteenths · π / 16), by turning: the standalone program links no library of mathematics for it.
    private static func cosine(_ sixteenths: Double) -> Double {
        let step = (0.980_785_280_403_230_4, 0.195_090_322_016_128_27)
        var (x, y) = (1.0, 0.0)
        for _ in 0..<Int(sixteenths) { (x, y) = (x * step.0 - y * step.1, x * step.1 + y * step.0) }
        return x
    }

    /// The discrete cosine transform of a block, divided and rounded, in zigzag order.
    private static func quantized(_ plane: Plane, _ x: Int, _ y: Int, _ table: [UInt8]) -> [Int] {
        var (rows, result) = ([Float](repeating: 0, count: 64), [Float](repeating: 0, count: 64))
        for row in 0..<8 {
            let start = (y + row) * plane.width + x
            for frequency in 0..<8 {
                var sum: Float = 0
                for place in 0..<8 { sum += plane.values[start + place] * cosines[frequency * 8 + place] }
                rows[row * 8 + frequency] = sum
            }
        }
        for column in 0..<8 {
            for frequency in 0..<8 {
                var sum: Float = 0
                for place in 0..<8 { sum += rows[place * 8 + column] * cosines[frequency * 8 + place] }
                result[frequency * 8 + column] = sum
            }
        }
        return JPEGTables.zigzag.map { Int((result[$0] / Float(table[$0])).rounded()) }
    }
}

private struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var count = 0

    /// A block: the difference of its first number, and runs of zeros between the others.
    mutating func write(_ numbers: [Int], after last: inout Int, _ codes: (direct: JPEGCode, other: JPEGCode)) {
        number(numbers[0] - last, run: 0, codes.direct)
        last = numbers[0]
        var run = 0
        let end = numbers.lastIndex { $0 != 0 } ?? 0
        for number in numbers.dropFirst().prefix(max(0, end)) {
            if number == 0 {
                run += 1
                continue
            }
            while run > 15 {
                symbol(0xF0, codes.other)
                run -= 16
            }
            self.number(number, run: run, codes.other)
            run = 0
        }
        if end < 63 { symbol(0, codes.other) }
    }

    /// The code of run and size, and the number's own bits.
    private mutating func number(_ value: Int, run: Int, _ code: JPEGCode) {
        let magnitude = min(value.magnitude, 1023)
        let size = UInt.bitWidth - magnitude.leadingZeroBitCount
        symbol(UInt8(run << 4 | size), code)
        guard size > 0 else { return }
        let bits = value < 0 ? ~UInt32(magnitude) & (1 << UInt32(size) - 1) : UInt32(magnitude)
        add(bits, size)
    }

    private mutating func symbol(_ symbol: UInt8, _ code: JPEGCode) {
        add(UInt32(code.words[Int(symbol)]), Int(code.lengths[Int(symbol)]))
    }

    private mutating func add(_ bits: UInt32, _ length: Int) {
        pending = pending << UInt32(length) | bits
        count += length
        while count >= 8 {
            let byte = UInt8(truncatingIfNeeded: pending >> UInt32(count - 8))
            bytes.append(byte)
            // A marker begins with this byte; in data a zero follows it.
            if byte == 0xFF { bytes.append(0) }
            count -= 8
        }
        pending &= 1 << UInt32(count) - 1
    }

    /// The last byte is filled with ones.
    mutating func finished() -> [UInt8] {
        if count > 0 { add(1 << UInt32(8 - count) - 1, 8 - count) }
        return bytes
    }
}
