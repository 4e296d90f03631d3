# shellcheck shell=bash
# Messages in Chinese; what is missing here is said in English.

# translate_zh_CN FORMAT: the format in Chinese, with the same placeholders in order.
translate_zh_CN() {
    case $1 in
        "Welcome to Odoo Sales Force.") printf '欢迎使用 Odoo 销售管理。' ;;
        "    done in %s s") printf '    完成，用时 %%s 秒' ;;
        "Odoo is ready after %s s at http://localhost:%s") printf 'Odoo 已就绪，用时 %%s 秒：http://localhost:%%s' ;;
        "Logins (user / password):") printf '登录账号（用户名 / 密码）：' ;;
        "==> Odoo is running already") printf '==> Odoo 已在运行' ;;
        "==> Odoo stopped") printf '==> Odoo 已停止' ;;
        "==> PostgreSQL stopped") printf '==> PostgreSQL 已停止' ;;
        "==> PostgreSQL %s started in %s s") printf '==> PostgreSQL %%s 已启动，用时 %%s 秒' ;;
        "Odoo on port %s") printf '在端口 %%s 启动 Odoo' ;;
        "Odoo %s from Debian") printf '从 Debian 获取 Odoo %%s' ;;
        "Python packages of %s") printf '安装 %%s 中的 Python 包' ;;
        "A font for Chinese (%s)") printf '中文字体（%%s）' ;;
        "Debian package %s") printf 'Debian 软件包 %%s' ;;
        "Nothing to stop.") printf '没有需要停止的服务。' ;;
        "Another ./sales is at work (%s): waiting for it.") printf '另一个 ./sales 正在运行（%%s），请稍候。' ;;
        "Port %s is in use by another program: choose another, for example SALES_PORT=%s ./sales up")
            printf '端口 %%s 已被其他程序占用，请换一个，例如 SALES_PORT=%%s ./sales up'
            ;;
        *) printf '%s' "$1" ;;
    esac
}
