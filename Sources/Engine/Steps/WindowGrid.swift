import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface

/// Windows that move over height and width of (B, H, W, C).
struct WindowGrid: Sendable {
    let rows: SlidingWindow
    let columns: SlidingWindow
    let batches: Int
    let height: Int
    let width: Int
    let channels: Int

    /// - Parameter input: (B, H, W, C).
    init(
        over input: Shape, extents: [Int], strides: [Int], dilations: [Int], padding: String, for node: TypedGraph.Node
    ) throws(Fault) {
        guard input.rank == 4, extents.count == 2, strides.count == 2, dilations.count == 2,
            let padding = SlidingWindow.Padding(rawValue: padding)
        else {
            throw Fault(.unsupportedAttribute, at: node.place, "the windows cannot be laid over the input")
        }
        rows = try SlidingWindow(
            over: input[1], extent: extents[0], stride: strides[0], dilation: dilations[0], padding: padding)
        columns = try SlidingWindow(
            over: input[2], extent: extents[1], stride: strides[1], dilation: dilations[1], padding: padding)
        batches = input[0]
        height = input[1]
        width = input[2]
        channels = input[3]
    }

    /// Windows of all batches.
    var count: Int { batches * rows.count * columns.count }
    /// Elements of the input in a batch.
    var imageSize: Int { height * width * channels }

    /// For kernels.
    var axes: (rows: WindowAxis, columns: WindowAxis) { (axis(rows, height), axis(columns, width)) }

    private func axis(_ windows: SlidingWindow, _ length: Int) -> WindowAxis {
        WindowAxis(
            extent: windows.extent, dilation: windows.dilation, stride: windows.stride, before: windows.before,
            length: length, count: windows.count)
    }

    /// The number of windows gathered at a time: enough rows for the kernels, and no more than fit into a cache.
    static func block(windowByteCount: Int) -> Int { max(min(96, (1 << 20) / max(windowByteCount, 1)), 1) }

    /// Calls `body` for every place of a window: its index in the window, and the first channel's offset in the input,
    /// or nil where the window reaches outside.
    @inline(__always)
    func forEachPlace(of window: Int, _ body: (_ index: Int, _ offset: Int?) -> Void) {
        let column = window % columns.count
        let row = window / columns.count % rows.count
        let batch = window / columns.count / rows.count
        let top = row &* rows.stride &- rows.before
        let left = column &* columns.stride &- columns.before
        var index = 0
        for y in 0..<rows.extent {
            let line = top &+ y &* rows.dilation
            for x in 0..<columns.extent {
                let place = left &+ x &* columns.dilation
                let isInside = line >= 0 && line < height && place >= 0 && place < width
                body(index, isInside ? ((batch &* height &+ line) &* width &+ place) &* channels : nil)
                index &+= 1
            }
        }
    }
}
