/// A style sheet or script of the pages, a file in `Page/Assets` that the build puts into the program: the program
/// stays one file. A bundle beside it would be a second one.
enum PageAsset {
    /// How every page looks: system fonts, light or dark as the reader's system is, one column on a phone.
    static let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    /// What moves on a clip's page. Everything that it needs stands in the page.
    static let clipScript = String(decoding: PackageResources.clip_page_js, as: UTF8.self)
}
