/// Reads a network's input from a picture as OpenCV's `warpPerspective` does with bytes: positions in 1/32 pixels, weights
/// in integers, and the mean of four pixels rounded to a byte, before it becomes a float.
package struct CropSampler {
    /// What lies around a picture.
    package enum Border: Sendable {
        case black
        /// The nearest pixel of the picture.
        case edge
    }

    let view: PixelView
    let border: Border
    /// The float that each byte becomes.
    let values: UnsafePointer<Float>
    /// The float of each byte is the byte times this, if there is such a number.
    private let factor: Float?

    package init(_ view: PixelView, border: Border, values: UnsafePointer<Float>) {
        self.view = view
        self.border = border
        self.values = values
        var isProportional = true
        for byte in 0..<256 { isProportional = isProportional && values[byte] == Float(byte) * values[1] }
        factor = isProportional ? values[1] : nil
    }

    /// - Parameters:
    ///   - side: of the output, a multiple of 64.
    ///   - output: side × side × 3 numbers: red, green, blue.
    package func fill(_ output: UnsafeMutablePointer<Float>, side: Int, _ map: CropMap) {
        switch view.format {
        case .rgb: fill(output, side, map, RGBPixel.self)
        case .rgba: fill(output, side, map, RGBAPixel.self)
        case .bgra: fill(output, side, map, BGRAPixel.self)
        case .gray: fill(output, side, map, GrayPixel.self)
        }
    }

    @inline(__always)
    private func fill<Pixel: PixelFields>(
        _ output: UnsafeMutablePointer<Float>, _ side: Int, _ map: CropMap, _ pixel: Pixel.Type
    ) {
        let blockSide = CropSampler.blockSide
        withUnsafeTemporaryAllocation(of: SIMD4<Int32>.self, capacity: blockSide / 2) { positions in
            guard let positions = positions.baseAddress else { return }
            let weights = PixelWeights.all.values
            for row in 0..<side {
                for start in stride(from: 0, to: side, by: blockSide) {
                    CropSampler.place(positions, row: row, start: start, map)
                    let columns = UnsafeRawPointer(positions).assumingMemoryBound(to: Int32.self)
                    let target = output + (row &* side &+ start) &* 3
                    if isInside(columns, columns + blockSide) {
                        fillInside(target, columns, columns + blockSide, weights, Pixel.self)
                    } else {
                        fill(target, columns, columns + blockSide, weights, Pixel.self)
                    }
                }
            }
        }
    }

    private static let blockSide = 64

    /// The positions of a block's pixels: 64 columns, then 64 rows, in 1/32 pixels.
    @inline(__always)
    private static func place(
        _ positions: UnsafeMutablePointer<SIMD4<Int32>>, row: Int, start: Int, _ map: CropMap
    ) {
        let (row, start) = (Double(row), Double(start))
        let x = map.m00 * start + map.m01 * row + map.m02
        let y = map.m10 * start + map.m11 * row + map.m12
        let w = map.m20 * start + map.m21 * row + map.m22
        var step = SIMD4<Double>(0, 1, 2, 3)
        for index in 0..<16 {
            let below = map.m20 * step + w
            let factor = (SIMD4(repeating: 32) / below).replacing(with: 0, where: below .== 0)
            positions[index] = rounded((map.m00 * step + x) * factor)
            positions[index &+ 16] = rounded((map.m10 * step + y) * factor)
            step += SIMD4(repeating: 4)
        }
    }

    /// To the nearest integer, to the even one of two.
    @inline(__always)
    private static func rounded(_ values: SIMD4<Double>) -> SIMD4<Int32> {
        let (least, most) = (SIMD4(repeating: -0x1p31), SIMD4(repeating: 0x1p31 - 1))
        let inside = values.replacing(with: least, where: values .< least).replacing(with: most, where: values .> most)
        // Added to this number, a double has no bits for fractions left, and its lowest 32 are the integer's.
        let bits = unsafeBitCast(inside + SIMD4(repeating: 0x1.8p52), to: SIMD4<Int64>.self)
        return SIMD4(truncatingIfNeeded: bits)
    }

    /// Whether all four pixels around each position of a block lie in the picture, and the pixel after them.
    @inline(__always)
    private func isInside(_ columns: UnsafePointer<Int32>, _ rows: UnsafePointer<Int32>) -> Bool {
        let lastColumn = Int32(truncatingIfNeeded: min(view.width, 0x400_0000) &- 2) &* 32
        let lastRow = Int32(truncatingIfNeeded: min(view.height, 0x400_0000) &- 1) &* 32
        var (least, most, lowest) = (Int32.max, Int32.min, Int32.min)
        for index in 0..<CropSampler.blockSide {
            least = min(least, min(columns[index], rows[index]))
            most = max(most, columns[index])
            lowest = max(lowest, rows[index])
        }
        return least >= 0 && most < lastColumn && lowest < lastRow
    }

    /// The pixels of a block that lies inside the picture.
    @inline(__always)
    private func fillInside<Pixel: PixelFields>(
        _ output: UnsafeMutablePointer<Float>, _ columns: UnsafePointer<Int32>, _ rows: UnsafePointer<Int32>,
        _ weights: UnsafePointer<PixelWeights>, _ pixel: Pixel.Type
    ) {
        let (base, bytesPerRow) = (view.base, view.bytesPerRow)
        func mean(_ index: Int) -> SIMD4<Float> {
            let (across, down) = (Int(columns[index]), Int(rows[index]))
            let place = base + (down &>> 5 &* bytesPerRow &+ across &>> 5 &* Pixel.byteCount)
            return CropSampler.mean(
                Pixel.pair(place), Pixel.pair(place + bytesPerRow), weights, across & 31, down & 31)
        }
        let last = CropSampler.blockSide &- 1
        if let factor {
            for index in 0..<last {
                // Each pixel's fourth number is replaced by the next pixel.
                let bytes = mean(index) - SIMD4(repeating: CropSampler.unit)
                UnsafeMutableRawPointer(output + index &* 3).storeBytes(of: bytes * factor, as: SIMD4<Float>.self)
            }
        } else {
            for index in 0..<last { put(mean(index), output + index &* 3) }
        }
        put(mean(last), output + last &* 3)
    }

    /// The pixels of a block.
    @inline(__always)
    private func fill<Pixel: PixelFields>(
        _ output: UnsafeMutablePointer<Float>, _ columns: UnsafePointer<Int32>, _ rows: UnsafePointer<Int32>,
        _ weights: UnsafePointer<PixelWeights>, _ pixel: Pixel.Type
    ) {
        for index in 0..<CropSampler.blockSide {
            let (across, down) = (Int(columns[index]), Int(rows[index]))
            let column = min(max(across &>> 5, -32768), 32767)
            let row = min(max(down &>> 5, -32768), 32767)
            let upper = borderPair(column, row, Pixel.self)
            let lower = borderPair(column, row &+ 1, Pixel.self)
            put(CropSampler.mean(upper, lower, weights, across & 31, down & 31), output + index &* 3)
        }
    }

    /// Looks up the floats of three bytes.
    @inline(__always)
    private func put(_ mean: SIMD4<Float>, _ output: UnsafeMutablePointer<Float>) {
        let bytes = unsafeBitCast(mean, to: SIMD4<UInt32>.self)
        output[0] = values[Int(bytes[0] & 0xFF)]
        output[1] = values[Int(bytes[1] & 0xFF)]
        output[2] = values[Int(bytes[2] & 0xFF)]
    }

    /// Added to a smaller float, this leaves the nearest integer in the lowest bits.
    private static let unit: Float = 0x1p23

    /// The weighted mean of four pixels, pairs of the upper and the lower row, beside `unit`.
    @inline(__always)
    private static func mean(
        _ upper: UInt64, _ lower: UInt64, _ weights: UnsafePointer<PixelWeights>, _ right: Int, _ bottom: Int
    ) -> SIMD4<Float> {
        // Sums of at most 255 · 32.
        let columns =
            PixelPair.numbers(upper) &* weights[32 &- bottom].whole &+ PixelPair.numbers(lower) &* weights[bottom].whole
        let left = SIMD4<Float>(SIMD4<Int32>(truncatingIfNeeded: columns.lowHalf))
        let other = SIMD4<Float>(SIMD4<Int32>(truncatingIfNeeded: columns.highHalf))
        // Exact: 8 bits before the point and 10 behind it. Halves are to be rounded up, so half of the last bit is added
        // before a number is, beside which no fraction has room.
        let sum = left * weights[32 &- right].part + other * weights[right].part
        return sum + SIMD4(repeating: 0x1p-11) + SIMD4(repeating: CropSampler.unit)
    }

    /// A pixel that may lie outside the picture, and the one at its right.
    @inline(__always)
    private func borderPair<Pixel: PixelFields>(_ column: Int, _ row: Int, _ pixel: Pixel.Type) -> UInt64 {
        UInt64(borderFields(column, row, Pixel.self)) | UInt64(borderFields(column &+ 1, row, Pixel.self)) &<< 32
    }

    /// A pixel that may lie outside the picture.
    @inline(never)
    private func borderFields<Pixel: PixelFields>(_ column: Int, _ row: Int, _ pixel: Pixel.Type) -> UInt32 {
        let isInside = column >= 0 && column < view.width && row >= 0 && row < view.height
        if !isInside, border == .black { return 0 }
        let column = min(max(column, 0), view.width &- 1)
        let row = min(max(row, 0), view.height &- 1)
        return Pixel.exactFields(view.base + (row &* view.bytesPerRow &+ column &* Pixel.byteCount))
    }
}

/// A weight between 0 and 32, as vectors: as it is, and as a part of 1024.
private struct PixelWeights {
    let whole: SIMD8<UInt16>
    let part: SIMD4<Float>

    init(_ weight: Int) {
        whole = SIMD8(repeating: UInt16(weight))
        part = SIMD4(repeating: Float(weight) / 1024)
    }

    /// Those of 0 to 32. Made once: more than 1,024 temporary bytes would be allocated for every picture.
    static let all = Table()

    /// `@unchecked Sendable`: written before anyone else has it.
    final class Table: @unchecked Sendable {
        let values: UnsafeMutablePointer<PixelWeights>

        init() {
            values = .allocate(capacity: 33)
            for weight in 0...32 { (values + weight).initialize(to: PixelWeights(weight)) }
        }

        deinit { values.deallocate() }
    }
}
