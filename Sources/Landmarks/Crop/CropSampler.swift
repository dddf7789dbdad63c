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

    package init(_ view: PixelView, border: Border, values: UnsafePointer<Float>) {
        self.view = view
        self.border = border
        self.values = values
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
            for row in 0..<side {
                for start in stride(from: 0, to: side, by: blockSide) {
                    CropSampler.place(positions, row: row, start: start, map)
                    let columns = UnsafeRawPointer(positions).assumingMemoryBound(to: Int32.self)
                    fill(output + (row &* side &+ start) &* 3, columns, columns + blockSide, Pixel.self)
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

    /// The pixels of a block.
    @inline(__always)
    private func fill<Pixel: PixelFields>(
        _ output: UnsafeMutablePointer<Float>, _ columns: UnsafePointer<Int32>, _ rows: UnsafePointer<Int32>,
        _ pixel: Pixel.Type
    ) {
        let (base, bytesPerRow, values) = (view.base, view.bytesPerRow, values)
        // Up to here four pixels lie in the picture, and a byte after them.
        let (lastColumn, lastRow) = (UInt(bitPattern: view.width &- 2), UInt(bitPattern: view.height &- 1))
        let (hasColumns, hasRows) = (view.width > 2, view.height > 1)
        for index in 0..<CropSampler.blockSide {
            let (across, down) = (Int(columns[index]), Int(rows[index]))
            let (column, row) = (across &>> 5, down &>> 5)
            let (right, bottom) = (UInt64(across & 31), UInt64(down & 31))
            let (left, top) = (32 &- right, 32 &- bottom)
            let upper: UInt64
            let lower: UInt64
            if hasColumns, hasRows, UInt(bitPattern: column) < lastColumn, UInt(bitPattern: row) < lastRow {
                let place = base + (row &* bytesPerRow &+ column &* Pixel.byteCount)
                let below = place + bytesPerRow
                upper = Pixel.fields(place) &* left &+ Pixel.fields(place + Pixel.byteCount) &* right
                lower = Pixel.fields(below) &* left &+ Pixel.fields(below + Pixel.byteCount) &* right
            } else {
                let column = min(max(column, -32768), 32767)
                let row = min(max(row, -32768), 32767)
                upper =
                    borderFields(column, row, Pixel.self) &* left
                    &+ borderFields(column &+ 1, row, Pixel.self) &* right
                lower =
                    borderFields(column, row &+ 1, Pixel.self) &* left
                    &+ borderFields(column &+ 1, row &+ 1, Pixel.self) &* right
            }
            // Three sums of at most 255 · 1024, 21 bits apart, and a half for each.
            let sum = upper &* top &+ lower &* bottom &+ 512 &* PixelWord.ones
            let target = output + index &* 3
            target[0] = values[Int(truncatingIfNeeded: sum &>> 10 & 0xFF)]
            target[1] = values[Int(truncatingIfNeeded: sum &>> 31 & 0xFF)]
            target[2] = values[Int(truncatingIfNeeded: sum &>> 52 & 0xFF)]
        }
    }

    /// A pixel that may lie outside the picture.
    @inline(never)
    private func borderFields<Pixel: PixelFields>(_ column: Int, _ row: Int, _ pixel: Pixel.Type) -> UInt64 {
        let isInside = column >= 0 && column < view.width && row >= 0 && row < view.height
        if !isInside, border == .black { return 0 }
        let column = min(max(column, 0), view.width &- 1)
        let row = min(max(row, 0), view.height &- 1)
        return Pixel.exactFields(view.base + (row &* view.bytesPerRow &+ column &* Pixel.byteCount))
    }
}
