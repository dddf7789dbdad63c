/// Eight runs of bytes of a transposition at a time: bytes that lie beside each other in the source, each of another run.
struct ByteTile: Sendable {
    private static let height = 8

    /// Bytes of a run.
    private let count: Int
    /// Runs of the last axis before the runs' own.
    private let extent: Int
    /// From one byte of a run to its next in the source.
    private let from: Int
    /// From one run to the next in the target.
    private let to: Int

    /// - Parameters:
    ///   - inner: the axis of a run.
    ///   - outer: the axis before it, along which the source's bytes lie side by side.
    /// - Returns: nil if the axes are others, or so short that eight runs are not worth it.
    init?(_ inner: WalkAxis, _ outer: WalkAxis?, size: Int) {
        guard let outer, size == 1, inner.strides.w == 1, outer.strides.x == 1, inner.extent >= 16,
            outer.extent >= ByteTile.height
        else { return nil }
        count = inner.extent
        extent = outer.extent
        from = inner.strides.x
        to = outer.strides.w
    }

    /// Which run of a walk comes next.
    struct Place {
        /// Of the last axis.
        fileprivate var index: Int
        fileprivate let extent: Int
        /// In the walk.
        fileprivate var left: Int
        /// Runs of the last tile that are still to come.
        fileprivate var done = 0

        /// Goes on by a run.
        /// - Returns: whether the last tile had it.
        @inline(__always)
        mutating func isDone() -> Bool {
            guard done > 0 else { return false }
            done &-= 1
            advance()
            return true
        }

        /// Goes on by a run that no tile had.
        /// - Returns: whether a tile begins with it.
        @inline(__always)
        mutating func beginsTile() -> Bool {
            let begins = extent &- index >= ByteTile.height && left >= ByteTile.height
            if begins { done = ByteTile.height &- 1 }
            advance()
            return begins
        }

        @inline(__always)
        private mutating func advance() {
            left &-= 1
            index = index &+ 1 == extent ? 0 : index &+ 1
        }
    }

    func place(_ range: Range<Int>) -> Place {
        Place(index: range.lowerBound % extent, extent: extent, left: range.count)
    }

    /// Eight runs from the places of the first one.
    @inline(__always)
    func turn(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        var index = 0
        while index &+ 16 <= count {
            let from = source + index &* self.from
            var (x0, x1, x2, x3) = (pair(from, 0), pair(from, 1), pair(from, 2), pair(from, 3))
            var (x4, x5, x6, x7) = (pair(from, 4), pair(from, 5), pair(from, 6), pair(from, 7))
            ByteTile.exchange(&x0, &x1, 0x00FF_00FF_00FF_00FF, 8)
            ByteTile.exchange(&x2, &x3, 0x00FF_00FF_00FF_00FF, 8)
            ByteTile.exchange(&x4, &x5, 0x00FF_00FF_00FF_00FF, 8)
            ByteTile.exchange(&x6, &x7, 0x00FF_00FF_00FF_00FF, 8)
            ByteTile.exchange(&x0, &x2, 0x0000_FFFF_0000_FFFF, 16)
            ByteTile.exchange(&x1, &x3, 0x0000_FFFF_0000_FFFF, 16)
            ByteTile.exchange(&x4, &x6, 0x0000_FFFF_0000_FFFF, 16)
            ByteTile.exchange(&x5, &x7, 0x0000_FFFF_0000_FFFF, 16)
            ByteTile.exchange(&x0, &x4, 0x0000_0000_FFFF_FFFF, 32)
            ByteTile.exchange(&x1, &x5, 0x0000_0000_FFFF_FFFF, 32)
            ByteTile.exchange(&x2, &x6, 0x0000_0000_FFFF_FFFF, 32)
            ByteTile.exchange(&x3, &x7, 0x0000_0000_FFFF_FFFF, 32)
            let run = target + index
            run.storeBytes(of: x0, as: SIMD2<UInt64>.self)
            (run + to).storeBytes(of: x1, as: SIMD2<UInt64>.self)
            (run + 2 &* to).storeBytes(of: x2, as: SIMD2<UInt64>.self)
            (run + 3 &* to).storeBytes(of: x3, as: SIMD2<UInt64>.self)
            (run + 4 &* to).storeBytes(of: x4, as: SIMD2<UInt64>.self)
            (run + 5 &* to).storeBytes(of: x5, as: SIMD2<UInt64>.self)
            (run + 6 &* to).storeBytes(of: x6, as: SIMD2<UInt64>.self)
            (run + 7 &* to).storeBytes(of: x7, as: SIMD2<UInt64>.self)
            index &+= 16
        }
        while index < count {
            let from = source + index &* self.from
            for run in 0..<ByteTile.height {
                target.storeBytes(
                    of: from.load(fromByteOffset: run, as: UInt8.self), toByteOffset: run &* to &+ index, as: UInt8.self
                )
            }
            index &+= 1
        }
    }

    /// The bytes of eight runs at a place, and eight places on.
    @inline(__always)
    private func pair(_ source: UnsafeRawPointer, _ place: Int) -> SIMD2<UInt64> {
        SIMD2(
            (source + place &* from).loadUnaligned(as: UInt64.self),
            (source + (place &+ 8) &* from).loadUnaligned(as: UInt64.self))
    }

    /// Exchanges the upper parts of x with the lower ones of y.
    @inline(__always)
    private static func exchange(_ x: inout SIMD2<UInt64>, _ y: inout SIMD2<UInt64>, _ mask: UInt64, _ shift: UInt64) {
        let shift = SIMD2(repeating: shift)
        let difference = ((x &>> shift) ^ y) & SIMD2(repeating: mask)
        y ^= difference
        x ^= difference &<< shift
    }
}
